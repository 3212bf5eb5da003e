import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { findSdkVersion, hostFor } from "../../src/exporter/default-host.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const SDK = "@opentelemetry/sdk-metrics";
const SDK_NODE = "@opentelemetry/sdk-node";
const AUTO = "@opentelemetry/auto-instrumentations-node";

type Files = Readonly<Record<string, string>>;

/** A package as npm installs it, without its code. */
function packageAt(path: string, name: string, version: string, exports?: object): Files {
  return {
    [`${path}/package.json`]: JSON.stringify({
      name,
      version,
      main: "build/src/index.js",
      exports,
    }),
    // Such a file only says what the modules of its folder are.
    [`${path}/build/package.json`]: '{ "type": "commonjs" }',
    [`${path}/build/src/index.js`]: "throw new Error('it must not be loaded');",
  };
}

/** What SDK 3 exports: not its package.json. */
const EXPORTS = { ".": { require: { default: "./build/src/index.js" } } };

/** The files of an application, its links, and the version that it resolves from app/main.mjs. */
const LAYOUTS: Readonly<
  Record<string, { files: Files; links?: Files; script?: string; version: string | undefined }>
> = {
  "SDK 2": { files: packageAt(`app/node_modules/${SDK}`, SDK, "2.12.1"), version: "2.12.1" },
  "SDK 3": {
    files: packageAt(`app/node_modules/${SDK}`, SDK, "3.1.1", EXPORTS),
    version: "3.1.1",
  },
  "a package above that of the script": {
    files: packageAt(`node_modules/${SDK}`, SDK, "1.30.1"),
    version: "1.30.1",
  },
  "pnpm, which links a package into its store": {
    files: packageAt(`app/node_modules/.pnpm/sdk@2/node_modules/${SDK}`, SDK, "2.0.0"),
    links: { [`app/node_modules/${SDK}`]: `app/node_modules/.pnpm/sdk@2/node_modules/${SDK}` },
    version: "2.0.0",
  },
  "pnpm, where only sdk-node is a dependency": {
    files: {
      ...packageAt(`app/node_modules/.pnpm/n@1/node_modules/${SDK_NODE}`, SDK_NODE, "0.301.0"),
      ...packageAt(`app/node_modules/.pnpm/n@1/node_modules/${SDK}`, SDK, "3.1.0", EXPORTS),
    },
    links: {
      [`app/node_modules/${SDK_NODE}`]: `app/node_modules/.pnpm/n@1/node_modules/${SDK_NODE}`,
    },
    version: "3.1.0",
  },
  "pnpm, where only auto-instrumentations-node is a dependency": {
    files: {
      ...packageAt(`app/node_modules/.pnpm/a@1/node_modules/${AUTO}`, AUTO, "0.81.2"),
      ...packageAt(`app/node_modules/.pnpm/n@1/node_modules/${SDK_NODE}`, SDK_NODE, "0.223.0"),
      ...packageAt(`app/node_modules/.pnpm/n@1/node_modules/${SDK}`, SDK, "2.12.1"),
    },
    links: {
      [`app/node_modules/${AUTO}`]: `app/node_modules/.pnpm/a@1/node_modules/${AUTO}`,
      [`app/node_modules/.pnpm/a@1/node_modules/${SDK_NODE}`]: `app/node_modules/.pnpm/n@1/node_modules/${SDK_NODE}`,
    },
    version: "2.12.1",
  },
  "a script that is a symbolic link": {
    files: packageAt(`elsewhere/node_modules/${SDK}`, SDK, "2.1.0"),
    links: { "app/linked.mjs": "elsewhere/main.mjs" },
    script: "app/linked.mjs",
    version: "2.1.0",
  },
  "two versions, of which that of the script counts": {
    files: {
      ...packageAt(`app/node_modules/${SDK}`, SDK, "2.12.1"),
      ...packageAt(`work/node_modules/${SDK}`, SDK, "3.1.1", EXPORTS),
    },
    version: "2.12.1",
  },
  "a script that does not exist, so that the folder counts": {
    files: packageAt(`work/node_modules/${SDK}`, SDK, "2.12.1"),
    script: "nowhere/main.mjs",
    version: "2.12.1",
  },
  "a package.json that is not JSON": {
    files: {
      ...packageAt(`app/node_modules/${SDK}`, SDK, "2.12.1"),
      [`app/node_modules/${SDK}/build/src/package.json`]: "{",
    },
    version: "2.12.1",
  },
  "no SDK": { files: {}, version: undefined },
};

for (const [name, { files, links = {}, script = "app/main.mjs", version }] of Object.entries(
  LAYOUTS,
)) {
  test(`findSdkVersion() finds ${version} with ${name}`, () =>
    withTempDir(async (root) => {
      const all = { "app/main.mjs": "", "elsewhere/main.mjs": "", "work/x": "", ...files };
      for (const [path, text] of Object.entries(all)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text);
      }
      for (const [path, target] of Object.entries(links)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await symlink(join(root, target), join(root, path));
      }
      const place = { script: join(root, script), folder: join(root, "work") };
      assert.equal(findSdkVersion(place), version);
    }));
}

test("findSdkVersion() searches the folder of a process without a script", () =>
  withTempDir(async (root) => {
    assert.equal(findSdkVersion({ script: undefined, folder: root }), undefined);
    const here = import.meta.dirname;
    assert.match(findSdkVersion({ script: undefined, folder: here }) ?? "", /^2\./);
  }));

test("findSdkVersion() finds nothing from places that are no paths", () => {
  assert.equal(findSdkVersion({ script: "[eval]", folder: "" }), undefined);
});

const HOSTS: readonly [version: string | undefined, host: string | undefined][] = [
  ["0.27.0", undefined],
  ["1.30.1", undefined],
  ["2.12.1", undefined],
  ["3.0.0-rc.1", "localhost"],
  ["3.1.1", "localhost"],
  ["10.0.0", "localhost"],
  [undefined, "localhost"],
];

for (const [version, host] of HOSTS) {
  test(`hostFor() gives ${host} for version ${version}`, () => {
    assert.equal(hostFor(version), host);
  });
}
