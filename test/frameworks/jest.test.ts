import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Project, programOf, readExample, withProject } from "./with-project.ts";

const JEST = programOf("jest/bin/jest.js");

/** A project of ES modules, without what makes CommonJS of them. */
const MODULES = {
  "package.json": `{ "type": "module" }`,
  "jest.config.cjs": "module.exports = { transform: {} };",
};

// Front-end teams run whole repositories in jsdom, which has timers and arrays of its own.
for (const environment of ["node", "jsdom"]) {
  test(`Jest runs the example as the CommonJS that Babel makes, in ${environment}`, () =>
    withProject({ example: "jest" }, async (project) => {
      await assertPasses(project, [JEST, "--env", environment]);
    }));

  test(`Jest runs the example as an ES module, in ${environment}`, () =>
    withProject({ example: "jest", files: MODULES }, async (project) => {
      await assertPasses(project, ["--experimental-vm-modules", JEST, "--env", environment]);
    }));
}

test("Jest runs the example in a project of pnpm, whose paths name node_modules twice", () =>
  withProject({ example: "jest" }, async (project) => {
    const folder = join("node_modules", ".pnpm", "promhttp@0.1.0", "node_modules");
    await project.move(join("node_modules", "promhttp"), join(folder, "promhttp"));
    await assertPasses(project, [JEST, "--modulePaths", folder]);
  }));

test("Jest runs the example with the preset of ts-jest that the guide names", () =>
  withProject({ example: "jest", files: TYPESCRIPT }, async (project) => {
    await rm(join(project.folder, "metrics.test.js"));
    await assertPasses(project, [JEST]);
  }));

const TYPESCRIPT = {
  "metrics.test.ts": readExample("jest/metrics.test.js"),
  "jest.config.cjs": readExample("jest/jest.config.cjs").replace(
    "= {\n",
    `= {\n  preset: "ts-jest/presets/js-with-ts",\n`,
  ),
  "tsconfig.json": JSON.stringify({
    compilerOptions: { module: "commonjs", target: "es2023", allowJs: true, isolatedModules: true },
  }),
};

test("Jest runs the example in a Next.js application", () =>
  withProject({ example: "nextjs", files: NEXT }, async (project) => {
    await assertPasses(project, [JEST]);
  }));

const NEXT = {
  "package.json": "{}",
  "metrics.test.js": readExample("jest/metrics.test.js"),
  "jest.config.cjs": readExample("jest/next-jest.config.cjs"),
};

async function assertPasses(project: Project, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await project.node([...args, "--ci"]).exit();
  assert.equal(code, 0, stdout + stderr);
  assert.match(stderr, /^Tests: +1 passed, 1 total$/m);
}
