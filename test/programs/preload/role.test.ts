import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Inviter,
  type ProcessFacts,
  reasonNotToServe,
} from "../../../src/programs/preload/role.ts";

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
