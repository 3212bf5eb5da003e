import assert from "node:assert/strict";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Inviter,
  isTool,
  mainScript,
  type ProcessFacts,
  reasonNotToServe,
} from "../../../src/programs/preload/role.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const FIRST: ProcessFacts = {
  hasWorkers: true,
  isMainThread: true,
  isClusterWorker: false,
  hasChannel: false,
  servedBy: undefined,
  pid: 100,
  parentPid: 99,
  package: "",
  isAlive: () => true,
  script: "/srv/app/server.js",
  packageManager: undefined,
  isExplicit: false,
  isProgram: false,
};

const NPM = "/usr/lib/node_modules/npm/bin/npm-cli.js";
const POOL = "/srv/app/node_modules/pool/worker.js";

/** The process above, which serves all processes of its application, or only itself. */
const GROUP: Inviter = { pid: 99, package: "shop", hasGroup: true };
const SINGLE: Inviter = { pid: 99, package: "", hasGroup: false };

const FORKED: Partial<ProcessFacts> = { servedBy: GROUP, hasChannel: true };
const THREAD: Partial<ProcessFacts> = { servedBy: GROUP, isMainThread: false, pid: 99 };
const RELATED: Partial<ProcessFacts> = { servedBy: GROUP, package: "shop" };

const SERVED = /^process 99 serves them$/;

const CASES: Readonly<Record<string, readonly [facts: Partial<ProcessFacts>, reason?: RegExp]>> = {
  "the first process serves": [{}],
  "a process without a script serves": [{ script: undefined }],
  "a worker thread of a process that does not serve does not": [
    { isMainThread: false },
    /^this is a worker thread$/,
  ],
  "a cluster worker whose primary process does not serve does": [
    { isClusterWorker: true, hasChannel: true },
  ],
  "a cluster worker does not serve without a group": [
    { isClusterWorker: true, hasChannel: true, hasWorkers: false },
    /^this is a cluster worker$/,
  ],
  "a child of a process that serves does not serve": [{ servedBy: SINGLE }, SERVED],
  "the successor of a process that served serves": [{ servedBy: SINGLE, isAlive: () => false }],
  "a process that has replaced itself serves again": [{ servedBy: { ...SINGLE, pid: 100 } }],
  "a tool does not serve": [
    { script: NPM },
    /^\/usr\S+npm-cli.js is a tool; to serve its metrics, put --i/,
  ],
  "a tool with the preload on its own command line serves": [{ script: NPM, isExplicit: true }],
  "a package manager that has named itself to its child is a tool": [
    { script: "/opt/manager/cli.js", packageManager: "/opt/manager/cli.js" },
    /^\/opt\/manager\/cli.js is a tool; /,
  ],
  "an application that a package manager started serves": [
    { packageManager: "/opt/manager/cli.js" },
  ],
  "a child with the preload on its own command line does not serve": [
    { servedBy: SINGLE, isExplicit: true },
    SERVED,
  ],
  "the program promhttp does not serve by the preload": [
    { isProgram: true },
    /^the program promhttp serves them itself$/,
  ],

  "a forked child joins": [FORKED],
  "a forked child joins after its hub has gone": [{ ...FORKED, isAlive: () => false }],
  "a forked child joins with a script of a pool's package": [{ ...FORKED, script: POOL }],
  "a forked child does not join without a group": [{ ...FORKED, hasWorkers: false }, SERVED],
  "a forked child of a process that serves only itself does not join": [
    { ...FORKED, servedBy: SINGLE },
    SERVED,
  ],
  "a forked child of a program that does not take part does not join": [
    { ...FORKED, parentPid: 98 },
    SERVED,
  ],
  "a forked program promhttp does not join": [{ ...FORKED, isProgram: true }, /^the program/],
  "a child without a channel does not join": [{ servedBy: GROUP }, SERVED],
  "a child of the same package joins": [RELATED],
  "a grandchild of the same package joins": [{ ...RELATED, parentPid: 98 }],
  "a child of another package does not join": [{ ...RELATED, package: "other" }, SERVED],
  "a package manager in the folder of the same package does not join": [
    { ...RELATED, script: "/srv/app/.yarn/releases/yarn-4.5.0.cjs" },
    SERVED,
  ],
  "a thread joins": [THREAD],
  "a thread of a pool joins": [{ ...THREAD, script: POOL }],
  "a thread without a file does not join": [
    { ...THREAD, script: undefined },
    /^this is a worker thread$/,
  ],
  "a thread of a program that does not take part does not join": [
    { ...THREAD, pid: 100 },
    /^this is a worker thread$/,
  ],
};

for (const [name, [facts, reason]] of Object.entries(CASES)) {
  test(`reasonNotToServe(): ${name}`, () => {
    const found = reasonNotToServe({ ...FIRST, ...facts });
    if (reason === undefined) assert.equal(found, undefined);
    else assert.match(`${found}`, reason);
  });
}

test("mainScript() resolves the file that Node runs", async () => {
  await withTempDir(async (directory) => {
    const folder = await realpath(directory);
    await mkdir(join(folder, "lib"));
    await writeFile(join(folder, "app.js"), "");
    await writeFile(join(folder, "app.ts"), "");
    await writeFile(join(folder, "lib/index.js"), "");
    await symlink(join(folder, "lib/index.js"), join(folder, "link"));
    assert.equal(mainScript(join(folder, "app.js")), join(folder, "app.js"));
    assert.equal(mainScript(join(folder, "app.ts")), join(folder, "app.ts"));
    assert.equal(mainScript(join(folder, "app")), join(folder, "app.js"));
    assert.equal(mainScript(join(folder, "lib")), join(folder, "lib/index.js"));
    assert.equal(mainScript(join(folder, "link")), join(folder, "lib/index.js"));
    for (const none of [undefined, "", "argument", join(folder, "missing")]) {
      assert.equal(mainScript(none), undefined);
    }
  });
});

test("mainScript() is the application that pm2 loads", async () => {
  await withTempDir(async (directory) => {
    const app = join(await realpath(directory), "app.js");
    await writeFile(app, "");
    for (const container of ["ProcessContainer.js", "ProcessContainerFork.js"]) {
      assert.equal(mainScript(`/usr/lib/node_modules/pm2/lib/${container}`, app), app);
    }
    // A child process of the application.
    assert.equal(mainScript(app, "/srv/other.js"), app);
  });
});

const SCRIPTS: Readonly<Record<string, boolean>> = {
  "/srv/app/server.js": false,
  "/srv/app/npm.js": false,
  "/srv/app/npm-statistics.js": false,
  "/srv/app/yarn-report.js": false,
  "/srv/yarn/server.js": false,
  "/srv/nodejs/server.js": false,
  "/usr/local/lib/nodejs/server.js": false,
  "/srv/node_modules.js": false,
  "/srv/node_modules_old/server.js": false,
  "/usr/lib/node_modules_22/npm/bin/npm-cli.js": true,
  "/usr/lib/node_modules_22/tsx/dist/cli.mjs": true,
  "/usr/share/nodejs/npm/bin/npm-cli.js": true,
  "/usr/share/nodejs/ts-node/dist/bin.js": true,
  "/usr/lib/x86_64-linux-gnu/nodejs/tool/cli.js": true,
  "/home/me/.volta/tools/image/npm/10.9.0/bin/npm-cli.js": true,
  "C:\\Users\\me\\Volta\\tools\\image\\npm\\10.9.0\\bin\\npx-cli.js": true,
  "C:\\tools\\npm\\bin\\npm-prefix.js": true,
  "/opt/yarn-v1.22.22/bin/yarn.js": true,
  "/opt/homebrew/Cellar/pnpm/10.2.0/libexec/bin/pnpm.cjs": true,
  "/opt/pnpm/bin/pnpm.mjs": true,
  "/opt/pnpm/bin/pnpx.cjs": true,
  "/srv/app/tools/yarn-4.5.0.cjs": true,
  "/srv/app/tools/yarn-berry.cjs": true,
  "/usr/bin/npm": true,
  "/nix/store/x-nodejs/lib/corepack.cjs": true,
  "/usr/lib/node_modules/npm/bin/npx-cli.js": true,
  "/srv/app/node_modules/tsx/dist/cli.mjs": true,
  "C:\\app\\node_modules\\nodemon\\bin\\nodemon.js": true,
  "/srv/app/.yarn/releases/yarn-4.5.0.cjs": true,
  "/root/.cache/node/corepack/v1/pnpm/9.0.0/bin/pnpm.cjs": true,
  "/usr/share/yarn/bin/yarn.js": true,
};

for (const [script, expected] of Object.entries(SCRIPTS)) {
  test(`isTool() is ${expected} for ${script}`, () => {
    assert.equal(isTool(script), expected);
  });
}
