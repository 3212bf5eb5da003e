import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import fs from "node:fs/promises";
import { mock, test } from "node:test";
import { Worker } from "node:worker_threads";
import { ListenError, Server, type ServerOptions } from "../../../src/index.ts";
import { countingGatherer } from "../../helpers/gatherers.ts";
import { rawRequest, request } from "../../helpers/http/raw-request.ts";
import { withServer } from "../../helpers/http/with-server.ts";
import { TYPESCRIPT } from "../../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const OWN_GROUP = process.getgid?.() ?? 0;

/** Runs a test with another umask. */
async function withUmask(mask: number, run: () => Promise<void>): Promise<void> {
  const before = process.umask(mask);
  try {
    await run();
  } finally {
    process.umask(before);
  }
}

const MODES: readonly [options: ServerOptions, mode: number][] = [
  [{}, 0o660],
  [{ socketMode: 0o600 }, 0o600],
  [{ socketMode: 0o666 }, 0o666],
  [{ socketMode: 0o777, socketGroup: OWN_GROUP }, 0o777],
];

for (const [options, mode] of MODES) {
  test(`a unix socket has mode ${mode.toString(8)} with ${JSON.stringify(options)}`, () =>
    withTempDir((directory) =>
      withUmask(0o027, async () => {
        const path = `${directory}/s`;
        await withServer({ address: { path }, ...options }, async () => {
          const stats = statSync(path);
          assert.equal(stats.mode & 0o7777, mode);
          assert.equal(stats.gid, OWN_GROUP);
          assert.equal((await rawRequest({ path }, request("/metrics"))).status, 200);
        });
        assert.equal(process.umask(), 0o027);
      }),
    ));
}

test("a unix socket that cannot be bound leaves the umask as it was", () =>
  withTempDir(async (directory) => {
    const mask = process.umask();
    const listening = Server.listen(countingGatherer(), `unix:${directory}/none/s`);
    await assert.rejects(listening, ListenError);
    assert.equal(process.umask(), mask);
  }));

test("a unix socket in a missing folder fails for the folder, not for a permission", () =>
  withTempDir(async (directory) => {
    const address = `unix:${directory}/none/s`;
    await assert.rejects(Server.listen(countingGatherer(), address), {
      message: `Cannot listen on "${address}": no such directory`,
    });
  }));

test("a unix socket whose group cannot be set is removed", () =>
  withTempDir(async (directory) => {
    const path = `${directory}/s`;
    const refused = Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM" });
    const lchown = mock.method(fs, "lchown", () => Promise.reject(refused));
    try {
      const listening = Server.listen(countingGatherer(), { path }, { socketGroup: 7 });
      await assert.rejects(listening, (error: Error) => {
        assert.ok(error instanceof ListenError);
        const reason = "its mode or group cannot be set: EPERM: operation not permitted";
        assert.equal(error.message, `Cannot listen on "unix:${path}": ${reason}`);
        assert.equal((error.cause as Error).cause, refused);
        return true;
      });
      assert.deepEqual(lchown.mock.calls[0]?.arguments, [path, -1, 7]);
    } finally {
      lchown.mock.restore();
    }
    assert.equal(existsSync(path), false);
  }));

/** What comes of listening in a thread, which cannot set the umask. */
async function listenInThread(path: string, options: ServerOptions): Promise<string> {
  const thread = new Worker(new URL("../../fixtures/listen-in-thread.ts", import.meta.url), {
    workerData: { address: { path }, options },
    execArgv: ["--import", TYPESCRIPT],
  });
  const [told] = await once(thread, "message");
  await thread.terminate();
  return told;
}

const THREADS: readonly [mask: number, options: ServerOptions, mode: string | undefined][] = [
  [0o022, {}, undefined],
  [0o002, {}, undefined],
  [0o002, { socketMode: 0o600 }, "0775"],
  [0o002, { socketGroup: OWN_GROUP }, "0775"],
  [0o000, {}, "0777"],
  [0o000, { socketMode: 0o666 }, undefined],
];

for (const [mask, options, mode] of THREADS) {
  const name = `umask ${mask.toString(8)} and ${JSON.stringify(options)}`;
  const outcome = mode === undefined ? "listens" : "does not listen";
  test(`a thread ${outcome} on a unix socket with ${name}`, () =>
    withTempDir((directory) =>
      withUmask(mask, async () => {
        const path = `${directory}/s`;
        const reason =
          `the umask makes it with mode ${mode}, and only the main thread of a process that is` +
          " not a cluster worker can change that";
        assert.equal(
          await listenInThread(path, options),
          mode === undefined ? "It listened" : `Cannot listen on "unix:${path}": ${reason}`,
        );
        assert.equal(existsSync(path), false);
      }),
    ));
}
