// Who may ask beside what they know: networks, addresses, limits, files that change.
import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withMount } from "../helpers/http/with-mount.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { poll } from "../helpers/poll.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { basic, bearer, PASSWORD, TOKEN, testAccess, USERS } from "./access-server.ts";
import { TRANSPORTS } from "./transports.ts";

const AUTH = { users: USERS, bearerTokens: [TOKEN] };

const LOOPBACK = ["127.0.0.0/8", "::1"];

const from = (address: string) => `X-Forwarded-For: ${address}`;

for (const transport of TRANSPORTS) {
  testAccess(
    transport,
    "strangers do not use up what a scraper may ask",
    { auth: AUTH, rateLimit: { intervalMs: 3_600_000, burst: 3 } },
    async ({ ask, request }) => {
      assert.equal((await ask(bearer(TOKEN))).status, 200);
      for (let index = 0; index < 20; index++) {
        const { status } = await ask(...(index % 2 === 0 ? [] : [bearer(`${TOKEN}${index}`)]));
        assert.ok(status === 401 || status === 429, `${status}`);
        assert.equal((await request({ path: "/-/healthy" })).status, 200);
      }
      assert.equal((await ask(bearer(TOKEN))).status, 200);
    },
  );

  testAccess(
    transport,
    "a scraper that asks more often than allowed gets 429",
    { auth: AUTH, rateLimit: { intervalMs: 3_600_000, burst: 2 } },
    async ({ ask }) => {
      assert.equal((await ask(bearer(TOKEN))).status, 200);
      assert.equal((await ask(bearer(TOKEN))).status, 200);
      const { status, headers } = await ask(bearer(TOKEN));
      assert.equal(status, 429);
      assert.match(headers["retry-after"] ?? "", /^3\d{3}$/);
    },
  );

  testAccess(
    transport,
    "only the address of the connection counts for its network",
    { allowedNetworks: ["192.0.2.0/24"] },
    async ({ ask, log }) => {
      const asking = ask(from("192.0.2.1"), "Forwarded: for=192.0.2.1", "X-Real-IP: 192.0.2.1");
      if (transport.isUnix) {
        assert.equal((await asking).status, 200);
        return;
      }
      if (transport.tlsVersion === undefined) {
        const { status, headers, body } = await asking;
        assert.equal(status, 403);
        assert.equal(headers["connection"], "close");
        assert.equal(body, "This network is not allowed.\n");
      } else {
        await assert.rejects(asking);
      }
      await poll("a line", () => log.some((line) => /127\.0\.0\.1/.test(line)));
    },
  );

  testAccess(
    transport,
    "behind a proxy that is named, the network of its client counts",
    { allowedNetworks: ["192.0.2.0/24"], trustedProxies: LOOPBACK },
    async ({ ask }) => {
      assert.equal((await ask(from("192.0.2.1"))).status, 200);
      const other = transport.isUnix ? 200 : 403;
      assert.equal((await ask(from("198.51.100.1"))).status, other);
      assert.equal((await ask(from("192.0.2.1, 198.51.100.1"))).status, other);
      assert.equal((await ask()).status, other);
    },
  );

  testAccess(
    transport,
    "the networks that are named are let in",
    { allowedNetworks: LOOPBACK },
    async ({ ask }) => {
      assert.equal((await ask()).status, 200);
    },
  );

  testAccess(
    transport,
    "an address whose logins fail is locked out, and no other",
    { auth: AUTH, trustedProxies: LOOPBACK },
    async ({ ask, refused }) => {
      // A unix socket has no address, and is not the proxy that is named.
      if (transport.isUnix) return;
      const [bad, good] = ["192.0.2.1", "192.0.2.2"];
      for (let index = 0; index < 10; index++) {
        assert.equal((await ask(from(bad), basic("prom", `hunter2 ${index}`))).status, 401);
      }
      const { status, headers } = await ask(from(bad), basic("prom", "hunter2"));
      assert.equal(status, 429);
      assert.match(headers["retry-after"] ?? "", /^[12]$/);
      // What is right is not even looked at: otherwise the lock would not keep anybody from guessing.
      assert.equal((await ask(from(bad), bearer(TOKEN))).status, 429);
      assert.equal((await ask(from(bad))).status, 429);
      assert.equal((await ask(from(good), basic("prom", PASSWORD))).status, 200);
      assert.equal((await ask(from(`${bad}, ${good}`), bearer(TOKEN))).status, 200);
      assert.equal(await refused("locked_out"), 3);
    },
  );

  testAccess(
    transport,
    "who has logged in well is not locked out by others at the same address",
    { auth: AUTH },
    async ({ ask }) => {
      assert.equal((await ask(basic("prom", PASSWORD))).status, 200);
      for (let index = 0; index < 12; index++) await ask(basic("prom", `hunter2 ${index}`));
      assert.equal((await ask(basic("prom", "hunter2"))).status, transport.isUnix ? 401 : 429);
      assert.equal((await ask(basic("prom", PASSWORD))).status, 200);
      assert.equal((await ask(bearer(TOKEN))).status, 200);
    },
  );

  testAccess(
    transport,
    "what authorize() throws or rejects with lets nobody in",
    {
      auth: {
        authorize: ({ path, headers }) => {
          if (path === "/metrics") return headers["x-ticket"] === "good";
          if (path === "/throws") throw new Error("the ticket office is closed");
          return Promise.reject(new Error("the ticket office is closed"));
        },
      },
    },
    async ({ ask, request, log }) => {
      assert.equal((await ask("X-Ticket: good")).status, 200);
      assert.equal((await ask("X-Ticket: bad")).status, 401);
      for (const path of ["/throws", "/rejects"]) {
        const { status, headers, body } = await request({ path });
        assert.equal(status, 503);
        assert.equal(headers["retry-after"], "1");
        assert.equal(body, "The credentials cannot be checked now.\n");
      }
      assert.ok(log.some((line) => line.includes("auth.authorize")));
    },
  );
}

test("an address of IPv4 is one, also where a server listens on IPv6", async () => {
  const options = { address: "[::]:0", allowedNetworks: ["127.0.0.0/8"] };
  await withServer(options, async ({ port }) => {
    assert.equal((await rawRequest(port, request("/metrics"))).status, 200);
    const { status } = await rawRequest({ port, host: "::1" }, request("/metrics"));
    assert.equal(status, 403);
  });
});

test("failed logins lock out the address that they come from", {
  skip: process.platform !== "linux" && "The loopback has one address.",
}, async () => {
  await withServer({ auth: AUTH }, async ({ port }) => {
    const ask = async (localAddress: string, header: string) => {
      const target = { port, host: "127.0.0.1", localAddress };
      return (await rawRequest(target, request("/metrics", { headers: [header] }))).status;
    };
    for (let index = 0; index < 10; index++) {
      assert.equal(await ask("127.0.0.2", basic("prom", `hunter2 ${index}`)), 401);
    }
    assert.equal(await ask("127.0.0.2", basic("prom", PASSWORD)), 429);
    assert.equal(await ask("127.0.0.3", basic("prom", PASSWORD)), 200);
  });
});

const OTHER_TOKEN = "another-token-of-ours";

/** Runs a test with a file of tokens, behind a server over every transport, and behind a handler. */
function testTokenFile(
  name: string,
  run: (
    file: string,
    statusOf: (token: string) => Promise<number>,
    /** Absent for a handler, whose file is looked at once a second. */
    reload?: () => Promise<void>,
  ) => Promise<void>,
): void {
  const withFile = (test: (file: string) => Promise<void>) =>
    withTempDir(async (directory) => {
      const file = join(directory, "tokens");
      await writeFile(file, `# of Prometheus\n${TOKEN}\n`);
      await test(file);
    });
  for (const transport of TRANSPORTS) {
    test(`${transport.name}: ${name}`, () =>
      withFile((file) =>
        transport.withServer({ auth: { bearerTokenFile: file } }, ({ request, server }) =>
          run(
            file,
            async (token) => (await request({ headers: [bearer(token)] })).status,
            () => server.reload(),
          ),
        ),
      ));
  }
  test(`createHandler(): ${name}`, () =>
    withFile((file) =>
      withMount({ auth: { bearerTokenFile: file } }, ({ port }) =>
        run(file, async (token) => {
          const headers = [bearer(token)];
          return (await rawRequest(port, request("/metrics", { headers }))).status;
        }),
      ),
    ));
}

testTokenFile("a token file that is replaced is read again", async (file, statusOf) => {
  assert.equal(await statusOf(TOKEN), 200);
  await writeFile(`${file}.new`, `${OTHER_TOKEN}\n`);
  await rename(`${file}.new`, file);
  await poll("the other token", async () => (await statusOf(OTHER_TOKEN)) === 200);
  // Those that came too early may have locked the address out.
  assert.ok([401, 429].includes(await statusOf(TOKEN)));
});

testTokenFile("a token file that is emptied leaves the last tokens", async (...scene) => {
  const [file, statusOf, reload] = scene;
  await writeFile(file, "# nothing\n");
  await reload?.();
  const end = performance.now() + (reload === undefined ? 2_500 : 0);
  await poll("a check of the file", async () => {
    assert.equal(await statusOf(TOKEN), 200);
    return performance.now() > end;
  });
  assert.equal(await statusOf(""), 401);
});
