import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { request } from "../helpers/http/raw-request.ts";
import { poll } from "../helpers/poll.ts";
import { within } from "../helpers/within.ts";
import { login } from "./configured.ts";
import { TRANSPORTS } from "./transports.ts";

/** A hash that takes seconds to compare, of a password that nobody knows. */
const SLOW_HASH = `$2b$15$${".".repeat(53)}`;

/** Counts the passwords that are compared to the end. */
function watchAnswers(t: TestContext): () => number {
  const { mock } = t.mock.method(Worker.prototype, "emit");
  const isAnswer = ([event, value]: readonly unknown[]) =>
    event === "message" && typeof value === "boolean";
  return () => mock.calls.filter((call) => isAnswer(call.arguments)).length;
}

/** Counts the threads that run, of those that are started from now on. */
function watchThreads(t: TestContext): () => number {
  const threads = new Set<number>();
  const hook = createHook({
    init(id, type) {
      if (type === "WORKER") threads.add(id);
    },
    destroy: (id) => void threads.delete(id),
  }).enable();
  t.after(() => hook.disable());
  return () => threads.size;
}

for (const transport of TRANSPORTS) {
  test(`over ${transport.name}, a shutdown ends handshakes, logins and idle connections`, async (t) => {
    const countThreads = watchThreads(t);
    const countAnswers = watchAnswers(t);
    const options = { auth: { users: { alice: SLOW_HASH } }, drainTimeoutMs: 100 };
    // So that no other limit ends anything.
    const patient = { ...options, headersTimeoutMs: 600_000 };
    await transport.withServer(patient, async (server) => {
      const silent = [await server.connectRaw(), await server.connectRaw()];
      await silent[1]?.send(transport.tlsVersion === undefined ? "GET /met" : "\x16\x03\x01");
      const idle = await server.connect();
      await idle.send(request("/-/healthy"));
      assert.equal((await idle.response()).status, 200);

      const logins = await Promise.all(Array.from({ length: 10 }, () => server.connect()));
      for (const [index, connection] of logins.entries()) {
        await connection.send(request("/metrics", { headers: [login("alice", `${index}`)] }));
      }
      // One is compared, eight wait, and nobody waits for more than that.
      await poll("a refusal", async () => logins.some(({ received }) => received !== ""));
      const [busy] = logins.filter(({ received }) => received !== "");
      assert.equal((await busy?.response())?.status, 503);
      assert.equal(countThreads(), 1);

      await within("close()", server.server.close());
      const left = await Promise.all(
        [...silent, idle, ...logins].map((connection) => connection.closed()),
      );
      assert.deepEqual(new Set(left), new Set([""]));
      await poll("the end of the thread", async () => countThreads() === 0);
      assert.equal(countAnswers(), 0);
      assert.deepEqual(
        server.log.filter((line) => line.startsWith("error")),
        [],
      );
    });
  });
}
