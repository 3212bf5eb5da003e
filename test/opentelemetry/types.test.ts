import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { packedFiles } from "../helpers/packed-files.ts";
import { SDKS, type Sdk, type SdkName } from "./sdk.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What an application of each SDK compiles; the types of older NodeSDKs do not compile themselves. */
const CONSUMERS: Readonly<Record<SdkName, readonly string[]>> = {
  "sdk-1": ["former-readers"],
  "sdk-2.0": ["readers"],
  "sdk-2": ["readers", "node-sdk"],
  "sdk-3": ["readers", "node-sdk", "start-node-sdk"],
};

const NODENEXT = ["--module", "nodenext"];
const BUNDLER = ["--module", "esnext", "--moduleResolution", "bundler"];

/** Each takes some seconds of one core. The types of SDK 3 are for 5.6 and later. */
const CASES: readonly (readonly [compiler: string, options: readonly string[]])[] = [
  ["typescript", NODENEXT],
  ["typescript", BUNDLER],
  ["typescript-5.9", NODENEXT],
  ["typescript-5.6", BUNDLER],
];

for (const sdk of SDKS) {
  test(`the types of ${sdk.name} take our readers`, { concurrency: 2 }, async (t) => {
    const folder = await makeApplication(sdk);
    try {
      await Promise.all(
        CASES.map(([compiler, options]) =>
          t.test(`${compiler} ${options.join(" ")}`, async () => {
            assert.equal(await compile(folder, compiler, options), "");
          }),
        ),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** Makes an application that has installed this package and an SDK, with files of both module kinds. */
async function makeApplication({ name, folder }: Sdk): Promise<string> {
  const application = mkdtempSync(join(tmpdir(), "promhttp-types-"));
  const modules = join(application, "node_modules");
  mkdirSync(join(modules, "@types"), { recursive: true });
  for (const path of await packedFiles()) {
    if (!/\.d\.ts$|^package\.json$/.test(path)) continue;
    cpSync(join(ROOT, path), join(modules, "promhttp", path));
  }
  const links = readdirSync(join(folder, "node_modules")).filter((each) => each[0] === "@");
  for (const scope of links.filter((each) => each !== "@types")) {
    symlinkSync(join(folder, "node_modules", scope), join(modules, scope), "junction");
  }
  symlinkSync(join(ROOT, "node_modules/@types/node"), join(modules, "@types/node"), "junction");
  for (const consumer of CONSUMERS[name]) {
    const source = join(ROOT, "test/opentelemetry/consumer", `${consumer}.ts`);
    for (const kind of ["cts", "mts"]) cpSync(source, join(application, `${consumer}.${kind}`));
  }
  writeFileSync(join(application, "package.json"), "{}");
  return application;
}

/** Compiles an application as strictly as possible, and returns the output of the compiler. */
function compile(
  application: string,
  compiler: string,
  options: readonly string[],
): Promise<string> {
  const args = [
    join(ROOT, "node_modules", compiler, "bin/tsc"),
    ..."--strict --exactOptionalPropertyTypes --noEmit --skipLibCheck false".split(" "),
    ..."--target es2022 --types node".split(" "),
    ...options,
    ...readdirSync(application).filter((file) => /\.[cm]ts$/.test(file)),
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: application }, (_error, stdout) => resolve(stdout));
  });
}
