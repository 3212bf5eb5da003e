import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { packedFiles } from "../helpers/packed-files.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EVERY_EXPORT = "every-export.ts";
const OPENTELEMETRY = "opentelemetry.ts";
const AWAIT_USING = "await-using.ts";
const LOADED_TWICE = "loaded-twice.ts";

/** How an application compiles: the compiler's package, and its options as a command line has them. */
interface Case {
  readonly compiler: string;
  readonly options: string;
  /** @default EVERY_ENTRY */
  readonly files?: readonly string[];
}

const ES2020 = "--target es2020 --lib es2020";
const DISPOSABLE = "--target es2022 --lib es2022,esnext.disposable";
// Only with the newest compiler: checking the types of a browser takes two seconds more in the others.
const BROWSER = "--target esnext --lib esnext,dom,dom.iterable";

const EVERY_ENTRY = [EVERY_EXPORT, OPENTELEMETRY];
const ALL = [...EVERY_ENTRY, AWAIT_USING];

const CASES: readonly Case[] = [
  { compiler: "typescript-5.4", options: `--module esnext --moduleResolution node10 ${ES2020}` },
  { compiler: "typescript-5.6", options: `--module nodenext ${DISPOSABLE}`, files: ALL },
  {
    compiler: "typescript-5.9",
    options: `--module esnext --moduleResolution bundler ${DISPOSABLE}`,
    files: ALL,
  },
  { compiler: "typescript", options: `--module node16 ${ES2020}` },
  {
    compiler: "typescript",
    options: `--module nodenext --exactOptionalPropertyTypes ${BROWSER}`,
    files: [...ALL, LOADED_TWICE],
  },
];

/** Makes an application that has installed the package, and nothing of this repository else. */
async function makeApplication(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "promhttp-types-"));
  const modules = join(folder, "node_modules");
  for (const path of await packedFiles()) {
    if (!/\.d\.ts$|^package\.json$/.test(path)) continue;
    cpSync(join(ROOT, path), join(modules, "promhttp", path));
  }
  for (const name of ["@types/node", "prom-client"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name), "junction");
  }
  for (const file of [...ALL, LOADED_TWICE]) {
    cpSync(join(ROOT, "test/package/consumer", file), join(folder, file));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}

const application = await makeApplication();
after(() => rmSync(application, { recursive: true }));

/** Compiles files of the application and returns the output of the compiler. */
function compile({ compiler, options, files = EVERY_ENTRY }: Case): Promise<string> {
  const args = [
    join(ROOT, "node_modules", compiler, "bin/tsc"),
    ..."--strict --noEmit --skipLibCheck false --types node".split(" "),
    ...options.split(" "),
    ...files,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: application }, (_error, stdout) => resolve(stdout));
  });
}

// Each compiler takes about two seconds of one core.
test("an application that uses every export compiles", { concurrency: 2 }, async (t) => {
  await Promise.all(
    CASES.map((each) =>
      t.test(`${each.compiler} ${each.options}`, async () => {
        assert.equal(await compile(each), "");
      }),
    ),
  );
});
