import assert from "node:assert/strict";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { findExporterFiles } from "../../../src/programs/opentelemetry/exporter-files.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const EXPORTER = "node_modules/@opentelemetry/exporter-prometheus";
const SDK = "node_modules/@opentelemetry/sdk-node";
const AUTO = "node_modules/@opentelemetry/auto-instrumentations-node";

/** The exports of SDK 3: one file for `require()`, another one for `import`. */
const TWO_FORMS = {
  ".": {
    require: { types: "./dist/index.d.cts", default: "./dist/index.cjs" },
    default: { types: "./dist/index.d.mts", default: "./dist/index.mjs" },
  },
};

/** Packages in folders, with one main file each, and links between them. */
interface Tree {
  readonly packages: Readonly<Record<string, object>>;
  readonly links?: Readonly<Record<string, string>>;
}

/** Each folder, and the files that are found in it: the version and the path. */
const CASES: Readonly<Record<string, readonly [tree: Tree, files: readonly string[]]>> = {
  "nothing where there is none": [{ packages: { [SDK]: {} } }, []],
  "a copy of one form": [
    { packages: { [EXPORTER]: { version: "0.223.0" } } },
    [`0.223.0 ${EXPORTER}/index.js`],
  ],
  "both forms of a copy": [
    { packages: { [EXPORTER]: { version: "0.301.0", exports: TWO_FORMS } } },
    [`0.301.0 ${EXPORTER}/dist/index.cjs`, `0.301.0 ${EXPORTER}/dist/index.mjs`],
  ],
  "one form where both are one file": [
    { packages: { [EXPORTER]: { version: "1.0.0", exports: { ".": "./index.js" } } } },
    [`1.0.0 ${EXPORTER}/index.js`],
  ],
  "a copy once, though the SDK has the same": [
    { packages: { [EXPORTER]: { version: "0.223.0" }, [SDK]: {}, [AUTO]: {} } },
    [`0.223.0 ${EXPORTER}/index.js`],
  ],
  "the copies of the application, its SDK, and that of the instrumentations": [
    {
      packages: {
        [EXPORTER]: { version: "1" },
        [SDK]: {},
        [`${SDK}/${EXPORTER}`]: { version: "2" },
        [AUTO]: {},
        [`${AUTO}/${SDK}`]: {},
        [`${AUTO}/${EXPORTER}`]: { version: "3" },
      },
    },
    [`1 ${EXPORTER}/index.js`, `2 ${SDK}/${EXPORTER}/index.js`, `3 ${AUTO}/${EXPORTER}/index.js`],
  ],
  "the only copy as pnpm installs it": [
    {
      packages: {
        [`.pnpm/a/${AUTO}`]: {},
        [`.pnpm/s/${SDK}`]: {},
        [`.pnpm/e/${EXPORTER}`]: { version: "1" },
      },
      links: {
        [AUTO]: `.pnpm/a/${AUTO}`,
        [`.pnpm/a/${SDK}`]: `.pnpm/s/${SDK}`,
        [`.pnpm/s/${EXPORTER}`]: `.pnpm/e/${EXPORTER}`,
      },
    },
    [`1 .pnpm/e/${EXPORTER}/index.js`],
  ],
};

for (const [name, [tree, expected]] of Object.entries(CASES)) {
  test(`findExporterFiles() finds ${name}`, async () => {
    await withTempDir(async (directory) => {
      const folder = await realpath(directory);
      await plant(folder, tree);
      const files = findExporterFiles([join(folder, "app.js"), join(folder, "src/[preload]")]);
      const found = files.map(({ path, version }) => `${version} ${path.slice(folder.length + 1)}`);
      assert.deepEqual(found, expected);
    });
  });
}

async function plant(folder: string, { packages, links = {} }: Tree): Promise<void> {
  for (const [path, manifest] of Object.entries(packages)) {
    const name = /@opentelemetry\/[\w-]+$/.exec(path)?.[0];
    await write(join(folder, path, "package.json"), JSON.stringify({ name, ...manifest }));
    for (const file of ["index.js", "dist/index.cjs", "dist/index.mjs"]) {
      await write(join(folder, path, file), "");
    }
  }
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(join(folder, target), join(folder, path));
  }
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
