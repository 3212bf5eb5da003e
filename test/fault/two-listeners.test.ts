import assert from "node:assert/strict";
import { test } from "node:test";
import { targetOf } from "../helpers/http/with-server.ts";
import { login, users, withConfigured } from "./configured.ts";
import { TRANSPORTS } from "./transports.ts";

for (const transport of TRANSPORTS) {
  test(`over ${transport.name}, two listeners with one file do not share what they count`, async () => {
    const limit = "rate_limit: { interval: 1h, burst: 2 }\n";
    await withConfigured(transport, users("alice") + limit, async (first) => {
      await transport.withServer({ webConfigFile: first.file }, async (second) => {
        assert.notDeepEqual(targetOf(first.server), targetOf(second.server));
        const statusesOf = async (server: typeof second, headers: readonly string[]) => {
          const statuses: number[] = [];
          for (let count = 0; count < 3; count++) {
            statuses.push((await server.request({ headers })).status);
          }
          return statuses;
        };
        // Each request costs one login and one token, not two, and those of the other nothing.
        for (const server of [first, second]) {
          assert.deepEqual(await statusesOf(server, []), [401, 401, 401]);
          assert.deepEqual(await statusesOf(server, [login("alice")]), [200, 200, 429]);
        }
        await first.configure(users("alice", "bob") + limit);
        await first.server.reload();
        const bob = { headers: [login("bob")] };
        assert.equal((await second.request(bob)).status, 401);
        await second.server.reload();
        assert.equal((await second.request(bob)).status, 429);
        assert.equal((await first.request(bob)).status, 429);
      });
    });
  });
}
