import assert from "node:assert/strict";
import { type FileHandle, open, rm } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "../helpers/http/raw-request.ts";
import { poll } from "../helpers/poll.ts";
import {
  type ConfiguredServer,
  login,
  metricOf,
  users,
  withConfigured,
  writeOld,
} from "./configured.ts";
import { TRANSPORTS } from "./transports.ts";

const SUCCESSFUL = "promhttp_web_config_last_reload_successful";
const SUCCESS_TIME = "promhttp_web_config_last_reload_success_timestamp_seconds";

const ALICE = { headers: [login("alice")] };

/** What happens to a file, and why it is not used. */
const BROKEN: readonly [
  what: string,
  happen: (server: ConfiguredServer) => Promise<void>,
  reason: RegExp,
][] = [
  [
    "is truncated",
    ({ file }) => writeOld(file, ""),
    /the new ones would remove the last user; restart/,
  ],
  [
    "ends after basic_auth_users:",
    ({ configure }) => configure("basic_auth_users:\n"),
    /the new ones would remove the last user; restart/,
  ],
  [
    "has an unknown key",
    ({ configure }) => configure(`${users("alice")}surprise: 1\n`),
    /web\.yml:\d+: .*surprise/,
  ],
  ["is missing", ({ file }) => rm(file), /web\.yml: there is no such file/],
  [
    "has lost its last user in good order",
    ({ configure }) => configure("rate_limit: { interval: 1s, burst: 5 }\n"),
    /the new ones would remove the last user; restart/,
  ],
];

for (const transport of TRANSPORTS) {
  test(`over ${transport.name}, a file that opens a door or is broken changes nothing`, async () => {
    await withConfigured(transport, users("alice"), async (server) => {
      const { server: running, log, configure } = server;
      const scrape = async () => {
        assert.equal((await server.request()).status, 401);
        const answer = await server.request(ALICE);
        assert.equal(answer.status, 200);
        return answer;
      };
      const first = metricOf(await scrape(), SUCCESS_TIME);
      for (const [what, happen, reason] of BROKEN) {
        await happen(server);
        await running.reload();
        assert.equal(metricOf(await scrape(), SUCCESSFUL), 0, what);
        assert.equal(metricOf(await scrape(), SUCCESS_TIME), first, what);
        await running.reload();
        const lines = log.filter((line) => line.includes("Cannot reload") && reason.test(line));
        assert.equal(lines.length, 1, `${what}: ${log.join("\n")}`);
      }
      await configure(users("alice"));
      await running.reload();
      const repaired = await scrape();
      assert.equal(metricOf(repaired, SUCCESSFUL), 1);
      assert.ok(metricOf(repaired, SUCCESS_TIME) > first);
    });
  });

  test(`over ${transport.name}, a kept connection meets other users and headers`, async () => {
    await withConfigured(transport, users("alice", "bob"), async (server) => {
      const kept = await server.connect();
      const ask = async (name: string) => {
        await kept.send(request("/metrics", { headers: [login(name)] }));
        return kept.response();
      };
      assert.equal((await ask("bob")).status, 200);
      assert.equal((await ask("carol")).status, 401);
      const headers = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n";
      await server.configure(headers + users("alice", "carol"));
      await poll("a refusal", async () => (await ask("bob")).status === 401);
      const answer = await ask("carol");
      assert.deepEqual([answer.status, answer.headers["x-frame-options"]], [200, "deny"]);
      assert.equal((await ask("alice")).status, 200);
      assert.equal(kept.isClosed, false);
    });
  });

  test(`over ${transport.name}, nobody without credentials is let in right after the start`, async () => {
    await withConfigured(transport, users("alice"), async (server) => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => server.request()));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401]));
    });
  });

  test(`over ${transport.name}, a file that is being written lets nobody in`, async () => {
    await withConfigured(transport, users("alice"), async (server) => {
      const text = server.tlsBlock + users("alice", "bob");
      let isWriting = true;
      const writing = (async () => {
        // Soon after one another, and so slowly that each part seems to be whole.
        for (const pauseMs of [0, 0, 20, 150, 0]) {
          await rewrite(server.file, text, pauseMs);
        }
        isWriting = false;
      })();
      const statuses = new Set<number>();
      const reloading = (async () => {
        while (isWriting) await server.server.reload();
      })();
      while (isWriting) {
        statuses.add((await server.request()).status);
        assert.equal((await server.request(ALICE)).status, 200);
      }
      await Promise.all([writing, reloading]);
      assert.deepEqual([...statuses], [401]);
      await server.server.reload();
      assert.equal((await server.request({ headers: [login("bob")] })).status, 200);
    });
  });
}

/** Truncates a file, and writes it line by line. */
async function rewrite(file: string, text: string, pauseMs: number): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "w");
    for (const line of text.split(/(?<=\n)/)) {
      await sleep(pauseMs);
      await handle.write(line);
    }
  } finally {
    await handle?.close();
  }
}
