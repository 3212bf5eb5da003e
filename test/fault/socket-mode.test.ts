// Only the users that the mode of a unix socket allows can connect to it, from the moment it exists.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, link, lstat, readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { ListenError, Server, type ServerOptions } from "../../src/index.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { netServer } from "../helpers/http/net-server.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const IS_ROOT = process.getuid?.() === 0;

/** A user and a group that own nothing: `nobody`. */
const OTHER = 65_534;

/** Connects as another user, and returns what comes of it: "connect", or the code of an error. */
async function connectAsOther(path: string): Promise<string> {
  const script = `
    const socket = require("node:net").connect(${JSON.stringify(path)});
    const tell = (outcome) => { console.log(outcome); socket.destroy(); };
    socket.once("connect", () => tell("connect")).once("error", ({ code }) => tell(code));`;
  const user = { uid: OTHER, gid: OTHER };
  const { stdout } = await promisify(execFile)(process.execPath, ["--eval", script], user);
  return stdout.trim();
}

/** Runs a test in a folder that everybody may look into, with a umask that keeps nobody out. */
function withOpenFolder(run: (path: string) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    await chmod(folder, 0o755);
    const mask = process.umask(0);
    try {
      await run(`${folder}/s`);
    } finally {
      process.umask(mask);
    }
  });
}

const OUTCOMES: readonly [options: ServerOptions, outcome: string][] = [
  [{}, "EACCES"],
  [{ socketMode: 0o600 }, "EACCES"],
  [{ socketMode: 0o664 }, "EACCES"],
  [{ socketMode: 0o666 }, "connect"],
  [{ socketMode: 0o660, socketGroup: OTHER }, "connect"],
  [{ socketMode: 0o606, socketGroup: OTHER }, "EACCES"],
];

for (const [options, outcome] of OUTCOMES) {
  const name = `another user gets ${outcome} from a unix socket with ${JSON.stringify(options)}`;
  test(name, { skip: !IS_ROOT && "only root can be another user" }, () =>
    withOpenFolder(async (path) => {
      assert.equal(await connectAsOther(path), "ENOENT");
      await withServer({ address: { path }, ...options }, async () => {
        assert.equal(await connectAsOther(path), outcome);
      });
      assert.equal(await connectAsOther(path), "ENOENT");
    }),
  );
}

/** Looks at a path all the time, until its first byte is 1, and tells each mode and group that it has seen. */
const WATCHER = `
  const { parentPort, workerData: { path, isOver } } = require("node:worker_threads");
  const { lstatSync } = require("node:fs");
  const seen = new Set();
  parentPort.postMessage("ready");
  while (Atomics.load(isOver, 0) === 0) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) seen.add((stats.mode & 0o7777).toString(8) + " " + stats.gid);
  }
  parentPort.postMessage([...seen]);`;

/** The modes and groups that a path had while something happened. */
async function seenDuring(path: string, run: () => Promise<void>): Promise<string[]> {
  const isOver = new Int32Array(new SharedArrayBuffer(4));
  const watcher = new Worker(WATCHER, { eval: true, workerData: { path, isOver } });
  await once(watcher, "message");
  try {
    await run();
  } finally {
    Atomics.store(isOver, 0, 1);
  }
  const [seen] = await once(watcher, "message");
  return seen;
}

const OWN_GROUP = process.getgid?.() ?? 0;

/** Only root may give a socket to a group that it is not in. */
const GIVEN_GROUP = IS_ROOT ? OTHER : OWN_GROUP;

const MOMENTS: readonly [options: ServerOptions, legal: readonly string[]][] = [
  [{}, [`600 ${OWN_GROUP}`, `660 ${OWN_GROUP}`]],
  [{ socketMode: 0o666 }, [`600 ${OWN_GROUP}`, `666 ${OWN_GROUP}`]],
  [{ socketGroup: GIVEN_GROUP }, [`600 ${OWN_GROUP}`, `600 ${GIVEN_GROUP}`, `660 ${GIVEN_GROUP}`]],
];

for (const [options, legal] of MOMENTS) {
  test(`a unix socket is never open to others before it may be: ${JSON.stringify(options)}`, () =>
    withOpenFolder(async (path) => {
      const seen = await seenDuring(path, async () => {
        for (let round = 0; round < 100; round++) {
          const server = await Server.listen(countingGatherer(), { path }, options);
          await server.close();
        }
      });
      assert.deepEqual(
        seen.filter((mode) => !legal.includes(mode)),
        [],
      );
      assert.ok(seen.length > 0);
    }));
}

test("a unix socket that a killed process left open to all is replaced by one that is not", () =>
  withOpenFolder(async (path) => {
    const { server: killed } = await netServer({ path: `${path}.open` });
    await link(`${path}.open`, path);
    await new Promise((resolve) => killed.close(resolve));
    assert.equal((await lstat(path)).mode & 0o777, 0o777);
    await withServer({ address: { path } }, async () => {
      assert.equal((await lstat(path)).mode & 0o777, 0o660);
    });
  }));

test("a file at the path of a unix socket keeps its content and its mode", () =>
  withOpenFolder(async (path) => {
    await writeFile(path, "data", { mode: 0o640 });
    const listening = Server.listen(countingGatherer(), { path }, { socketMode: 0o666 });
    await assert.rejects(listening, ListenError);
    assert.equal(await readFile(path, "utf8"), "data");
    assert.equal((await lstat(path)).mode & 0o777, 0o640);
  }));

test("a unix socket that another server answers on keeps its mode", () =>
  withOpenFolder(async (path) => {
    await withServer({ address: { path }, socketMode: 0o600 }, async () => {
      const listening = Server.listen(countingGatherer(), { path }, { socketMode: 0o666 });
      await assert.rejects(listening, ListenError);
      assert.equal((await lstat(path)).mode & 0o777, 0o600);
    });
  }));
