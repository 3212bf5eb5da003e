// Passwords that are wrong, many and at once: what they cost, and what they tell.
import assert from "node:assert/strict";
import { test } from "node:test";
import { request } from "../helpers/http/raw-request.ts";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";
import { basic, HASHES, PASSWORD, testAccess } from "./access-server.ts";
import { TRANSPORTS } from "./transports.ts";

/** Without the lock of an address, that is: a unix socket has none. */
const UNLOCKED = TRANSPORTS.filter(({ isUnix }) => isUnix);

const RUNS = 15;

for (const transport of UNLOCKED.slice(0, 1)) {
  testAccess(
    transport,
    "how long a wrong password takes does not tell whether the user exists",
    { auth: { users: { four: HASHES[4], eight: HASHES[8], nine: HASHES[8].replace("08", "09") } } },
    async ({ ask }) => {
      const users = ["nobody", "four", "eight", "nine"];
      // The thread starts, and its code becomes fast.
      await ask(basic("nobody", "hunter2"));
      let spread = Number.POSITIVE_INFINITY;
      // What else the machine does may spoil a round, but hides no difference in all of them.
      for (let round = 0; round < 4 && spread > 1.2; round++) {
        const times = new Map(users.map((user) => [user, [] as number[]]));
        for (let run = 0; run < RUNS; run++) {
          for (const user of users) {
            const start = performance.now();
            assert.equal((await ask(basic(user, `hunter2 ${round} ${run}`))).status, 401);
            times.get(user)?.push(performance.now() - start);
          }
        }
        const typical = [...times.values()].map(lowerQuartile);
        spread = Math.max(...typical) / Math.min(...typical);
      }
      assert.ok(spread <= 1.2, `they differ by a factor of ${spread}`);
    },
  );
}

/** What else the machine does makes some slower, and none faster. */
function lowerQuartile(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 2] ?? 0;
}

for (const transport of TRANSPORTS) {
  // The handshakes of clients take the time of this process, too.
  const count = transport.tlsVersion === undefined ? 500 : 50;

  testAccess(
    transport,
    `${count} wrong passwords at once do not delay one that is known`,
    { auth: { users: { prom: HASHES[10] } }, maxConnections: 600, headersTimeoutMs: 60_000 },
    async ({ ask, comparisons, connect }) => {
      assert.equal((await ask(basic("prom", PASSWORD))).status, 200);
      const ended: number[] = [];
      const flood = Array.from({ length: count }, async (_, index) => {
        const { status } = await ask(basic("prom", `hunter2 ${index}`));
        ended.push(status);
      });
      const connection = await connect();
      const known = `GET /metrics HTTP/1.1\r\nHost: test\r\n${basic("prom", PASSWORD)}\r\n\r\n`;
      // Until all that can be refused is refused, which takes no password's time.
      while (ended.length < count * 0.7) {
        void connection.send(known);
        assert.equal((await connection.response()).status, 200);
      }
      const compared = ended.filter((status) => status === 401).length;
      assert.ok(compared < count * 0.3, `${compared} are compared`);
      await Promise.all(flood);
      assert.ok(ended.every((status) => [401, 429, 503].includes(status)));
      assert.ok(ended.filter((status) => status === 503).length > 0);
      assert.ok(comparisons() < count * 0.3, `${comparisons()} comparisons`);
    },
  );
}

for (const transport of TRANSPORTS) {
  testAccess(
    transport,
    "a compare that takes a second delays nobody else, and ends with the server",
    { auth: { users: { prom: HASHES[14] } }, maxConnections: 600, drainTimeoutMs: 0 },
    async ({ ask, server }) => {
      const flood = Array.from({ length: 20 }, (_, index) =>
        ask(basic("prom", `hunter2 ${index}`)).then(
          ({ status }) => status,
          () => "cut off",
        ),
      );
      const health = async () => (await ask()).status;
      const [first] = await Promise.all([Promise.race(flood), health()]);
      assert.equal(first, 503);
      await server.close();
      const ends = await Promise.all(flood);
      assert.equal(ends.filter((end) => end === 503).length, 11);
      assert.equal(ends.filter((end) => end === "cut off").length, 9);
    },
  );
}

for (const transport of UNLOCKED) {
  testAccess(
    transport,
    "1,000 users that do not exist do not displace one that is known",
    // Each of them comes from an address of its own: one for all would be locked out.
    { auth: { users: { prom: HASHES[4] } }, trustedProxies: ["127.0.0.1"] },
    async ({ ask, comparisons, connect }) => {
      assert.equal((await ask(basic("prom", PASSWORD))).status, 200);
      const connections = await Promise.all(Array.from({ length: 8 }, () => connect()));
      await Promise.all(
        connections.map(async (connection, of) => {
          for (let index = 0; index < 125; index++) {
            const headers = [
              basic(`user-${of}-${index}`, "hunter2"),
              `X-Forwarded-For: 192.0.${of}.${index}`,
            ];
            void connection.send(request("/metrics", { headers }));
            assert.equal((await connection.response()).status, 401);
          }
        }),
      );
      assert.equal(comparisons(), 1_001);
      assert.equal((await ask(basic("prom", PASSWORD))).status, 200);
      assert.equal(comparisons(), 1_001);
    },
  );
}

test("100 logins leave no password in the memory of the process", async () => {
  const fixture = forkFixture("password-memory.ts");
  const port = Number(await fixture.line("port "));
  for (let index = 0; index < 100; index++) {
    const { status } = await fetch(`http://127.0.0.1:${port}/metrics`, {
      headers: {
        authorization: `Basic ${Buffer.from(`prom:${PASSWORD}`).toString("base64")}`,
      },
    });
    assert.equal(status, 200);
  }
  fixture.tell("search");
  // The hash shows that the search finds what is there.
  assert.equal(await fixture.line("found "), "0 1");
  assert.equal((await fixture.exit()).code, 0);
});
