import assert from "node:assert/strict";
import { lstat, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { transform } from "esbuild";
import type { InitCommand } from "../../../src/programs/cli/flags/init-flag.ts";
import { writeExporter } from "../../../src/programs/cli/init.ts";
import { VERSION } from "../../../src/version.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const ROOT = new URL("../../../", import.meta.url);

const JAVASCRIPT = [".dockerignore", "Dockerfile", "exporter.mjs", "exporter.test.mjs"];
const TYPESCRIPT = [".dockerignore", "Dockerfile", "exporter.mts", "exporter.test.mts"];

/** Writes an exporter, and returns what it says. */
function init(folder: string, language?: InitCommand["language"]): string {
  const lines: string[] = [];
  writeExporter({ folder, language }, (line) => lines.push(`${line}\n`));
  return lines.join("");
}

async function packageIn(folder: string) {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}

test("--init writes an exporter in JavaScript, and says what to do next", () =>
  withTempDir(async (folder) => {
    const said = init(folder);
    assert.deepEqual((await readdir(folder)).sort(), [...JAVASCRIPT, "package.json"]);
    assert.equal(
      said,
      `  wrote  exporter.mjs
  wrote  exporter.test.mjs
  wrote  package.json
  wrote  Dockerfile
  wrote  .dockerignore

Next:
  cd ${folder}
  npm install
  npm test
  npm start
  curl localhost:9464/metrics
  curl "localhost:9464/probe?target=localhost:9464"
`,
    );
  }));

test("--init makes the folder, and says how to enter it", () =>
  withTempDir(async (folder) => {
    const made = join(folder, "exporters/my exporter");
    assert.ok(init(made).includes(`\n  cd "${made}"\n`));
    assert.ok((await readdir(made)).includes("exporter.mjs"));
  }));

test("--init=ts writes an exporter in TypeScript", () =>
  withTempDir(async (folder) => {
    init(folder, "ts");
    assert.deepEqual((await readdir(folder)).sort(), [
      ...TYPESCRIPT,
      "package.json",
      "tsconfig.json",
    ]);
    const dockerfile = await readFile(join(folder, "Dockerfile"), "utf8");
    assert.match(dockerfile, /^ENTRYPOINT \["node_modules\/\.bin\/promhttp", "exporter\.mts"\]$/m);
    assert.doesNotMatch(dockerfile, /mjs/);
  }));

test("--init writes TypeScript where there is a tsconfig.json", () =>
  withTempDir(async (folder) => {
    await writeFile(join(folder, "tsconfig.json"), "{}");
    const said = init(folder);
    assert.match(said, / {2}wrote {2}exporter\.mts\n/);
    assert.match(said, / {2}kept {3}tsconfig\.json, which was there\n/);
    assert.match(
      said,
      /\nTo compile the test, tsconfig\.json needs "rewriteRelativeImportExtensions": true\.\n/,
    );
    assert.equal(await readFile(join(folder, "tsconfig.json"), "utf8"), "{}");
  }));

test("--init=js writes JavaScript where there is a tsconfig.json", () =>
  withTempDir(async (folder) => {
    await writeFile(join(folder, "tsconfig.json"), "{}");
    assert.match(init(folder, "js"), / {2}wrote {2}exporter\.mjs\n/);
  }));

test("--init says nothing of a tsconfig.json that lets a test import TypeScript", () =>
  withTempDir(async (folder) => {
    const text = '{ "compilerOptions": { "allowImportingTsExtensions": true } }';
    await writeFile(join(folder, "tsconfig.json"), text);
    assert.doesNotMatch(init(folder), /To compile the test/);
  }));

test("--init says which Node.js loads TypeScript, where this one does not", () =>
  withTempDir(async (folder) => {
    const loads = Reflect.get(process.features, "typescript") === "strip";
    const hint = `\nNode.js ${process.version} does not load TypeScript: use 22.18 or later.\n`;
    assert.equal(init(folder, "ts").endsWith(hint), !loads);
  }));

test("--init overwrites nothing", () =>
  withTempDir(async (folder) => {
    const mine = [...JAVASCRIPT, "package.json"];
    for (const file of mine) await writeFile(join(folder, file), "mine");
    const said = init(folder);
    for (const file of mine) assert.equal(await readFile(join(folder, file), "utf8"), "mine");
    assert.doesNotMatch(said, /wrote|Next/);
    assert.equal(said.match(/ {2}kept {3}/g)?.length, 4);
  }));

test("--init writes through no link, and replaces none", () =>
  withTempDir(async (folder) => {
    await symlink(join(folder, "elsewhere"), join(folder, "exporter.mjs"));
    assert.match(init(folder), / {2}kept {3}exporter\.mjs/);
    assert.ok((await lstat(join(folder, "exporter.mjs"))).isSymbolicLink());
    await assert.rejects(readFile(join(folder, "elsewhere")), { code: "ENOENT" });
  }));

test("--init writes no test for an exporter that is not its own", () =>
  withTempDir(async (folder) => {
    await writeFile(join(folder, "exporter.mjs"), "mine");
    const said = init(folder);
    assert.deepEqual((await readdir(folder)).sort(), [
      ".dockerignore",
      "Dockerfile",
      "exporter.mjs",
      "package.json",
    ]);
    assert.doesNotMatch(said, /test|Next/);
  }));

test("--init gives the commands for a package that has scripts of its own", () =>
  withTempDir(async (folder) => {
    await writeFile(join(folder, "package.json"), "{}");
    assert.match(
      init(folder, "ts"),
      /npm install promhttp\n {2}npm install --save-dev typescript @types\/node\n {2}node --test exporter\.test\.mts\n {2}npx promhttp exporter\.mts --probe\.allow=localhost\n/,
    );
  }));

test("--init throws where it cannot write", () =>
  withTempDir(async (folder) => {
    await writeFile(join(folder, "file"), "");
    assert.throws(() => init(join(folder, "file")), { code: "EEXIST" });
    assert.throws(() => init(join(folder, "file/folder")), { code: "ENOTDIR" });
  }));

test("a new package needs this version, and the compiler that has checked its types", () =>
  withTempDir(async (folder) => {
    const ours = await packageIn(new URL(".", ROOT).pathname);
    init(join(folder, "js"));
    const javascript = await packageIn(join(folder, "js"));
    assert.deepEqual(javascript.dependencies, { promhttp: `^${VERSION}` });
    assert.equal(javascript.engines.node, ours.engines.node);
    assert.equal(javascript.devDependencies, undefined);
    init(join(folder, "ts"), "ts");
    const typescript = await packageIn(join(folder, "ts"));
    assert.equal(typescript.devDependencies.typescript, ours.devDependencies.typescript);
  }));

const NAMES = { "My-exporter": "my-exporter", shelly: "shelly", "my exporter": "my-exporter" };

for (const [folder, expected] of Object.entries({ ...NAMES, promhttp: "my-exporter" })) {
  test(`--init calls the package in the folder "${folder}" ${expected}`, () =>
    withTempDir(async (parent) => {
      init(join(parent, folder));
      assert.equal((await packageIn(join(parent, folder))).name, expected);
    }));
}

for (const name of ["exporter", "exporter.test"]) {
  test(`the template ${name}.mjs is ${name}.mts without its types`, async () => {
    const read = (language: string) =>
      readFile(new URL(`templates/${language}/${name}.m${language}`, ROOT), "utf8");
    const [javascript, typescript] = [await read("js"), await read("ts")];
    const strip = async (text: string) =>
      (await transform(text, { loader: "ts", minifyWhitespace: true })).code;
    assert.equal(await strip(typescript.replaceAll(".mts", ".mjs")), await strip(javascript));
    const commentsOf = (text: string) => text.match(/\/\*\*.*|\/\/.*/g);
    assert.deepEqual(commentsOf(typescript), commentsOf(javascript));
  });
}
