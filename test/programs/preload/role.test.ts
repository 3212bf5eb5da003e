import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProcessFacts, reasonNotToServe } from "../../../src/programs/preload/role.ts";

const FIRST: ProcessFacts = {
  isMainThread: true,
  isClusterWorker: false,
  servedBy: undefined,
  pid: 100,
  isAlive: () => true,
  script: "/srv/app/server.js",
  isExplicit: false,
};

const NPM = "/usr/lib/node_modules/npm/bin/npm-cli.js";

const CASES: Readonly<Record<string, readonly [facts: Partial<ProcessFacts>, reason?: RegExp]>> = {
  "the first process serves": [{}],
  "a process without a script serves": [{ script: undefined }],
  "a worker thread does not serve": [{ isMainThread: false }, /^this is a worker thread$/],
  "a cluster worker does not serve": [{ isClusterWorker: true }, /^this is a cluster worker$/],
  "the child of one that serves does not": [{ servedBy: "99" }, /^process 99 does$/],
  "the successor of one that has served serves": [{ servedBy: "99", isAlive: () => false }],
  "a process that has replaced itself serves again": [{ servedBy: "100" }],
  "the child of one that has found no library serves": [{ servedBy: "nobody" }],
  "a tool does not serve": [{ script: NPM }, /^\/usr\S+npm-cli.js is a tool; to serve it, put --i/],
  "a tool that is preloaded by name serves": [{ script: NPM, isExplicit: true }],
  "a child that is preloaded by name does not": [
    { servedBy: "99", isExplicit: true },
    /^process 99 does$/,
  ],
};

for (const [name, [facts, reason]] of Object.entries(CASES)) {
  test(`reasonNotToServe(): ${name}`, () => {
    const found = reasonNotToServe({ ...FIRST, ...facts });
    if (reason === undefined) assert.equal(found, undefined);
    else assert.match(`${found}`, reason);
  });
}
