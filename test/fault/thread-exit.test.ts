// The end of an application whose server lives in a thread, at any time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerOptions } from "../../src/index.ts";
import { rawGet, request } from "../helpers/http/raw-request.ts";
import { poll } from "../helpers/poll.ts";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { type Threaded, withThreaded } from "./threaded.ts";

/** When the end comes. */
const MOMENTS: Readonly<Record<string, (application: Threaded) => Promise<unknown>>> = {
  "between scrapes": ({ scrape }) => scrape(),
  "as a scrape begins": async ({ connect }) => (await connect()).send(request("/metrics")),
  "in the middle of a body": async ({ connect }) => {
    const connection = await connect();
    await connection.send(request("/metrics"));
    await connection.until("some bytes", () => connection.received.length > 1_000);
    connection.socket.pause();
  },
  "while the thread starts again": async ({ tell, connect }) => {
    const connection = await connect();
    tell("kill");
    await connection.closed();
  },
};

/** How it ends, and with which status. */
const ENDS: Readonly<Record<string, readonly [command: string, code: number, stderr: RegExp]>> = {
  "process.exit()": ["exit 7", 7, /^$/],
  "an uncaught error": ["throw", 1, /^Error: of the application$/m],
  "a close": ["close", 0, /^$/],
};

// Each is a process of its own, which starts for longer than it runs.
describe("the end of an application", { concurrency: 4 }, () => {
  for (const [when, prepare] of Object.entries(MOMENTS)) {
    for (const [how, [command, expected, pattern]] of Object.entries(ENDS)) {
      test(`${how} ${when} ends an application with its own status`, () =>
        withThreaded({ series: 20_000, options: { drainTimeoutMs: 100 } }, async (application) => {
          await prepare(application);
          application.tell(command);
          const { code, signal, stderr } = await application.exit(scaleWait(10_000));
          assert.deepEqual([code, signal], [expected, null], stderr);
          assert.match(stderr, pattern);
        }));
    }
  }

  for (const [what, event] of [
    ["that runs", "scrape"],
    ["whose thread has been killed", "kill"],
  ] as const) {
    const start = (options: ServerOptions) =>
      forkFixture("threaded-alone.ts", [event, JSON.stringify({ logger: false, ...options })]);

    test(`a server ${what} keeps its process alive`, async () => {
      const child = start({});
      const { port } = JSON.parse(await child.line("listening "));
      const isServed = () => rawGet(port, "/metrics").then(({ status }) => status === 200);
      for (let turn = 0; turn < 3; turn++) {
        await sleep(500);
        await poll("an answer", () => isServed().catch(() => false));
      }
      child.signal("SIGTERM");
      assert.equal((await child.exit()).signal, "SIGTERM");
    });

    test(`a server ${what} does not keep its process alive with unref`, async () => {
      const child = start({ unref: true });
      const { code, stdout, stderr } = await child.exit();
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^listening .*\n(status 200\n)?exit 0\n$/);
    });
  }
});
