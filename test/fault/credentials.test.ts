// What clients say of themselves, over every transport: nothing but what is right lets them in.
import assert from "node:assert/strict";
import { gaugeOf } from "../helpers/families.ts";
import { basic, bearer, HASHES, PASSWORD, raw, TOKEN, testAccess, USERS } from "./access-server.ts";
import { TRANSPORTS } from "./transports.ts";

const AUTH = { users: { ...USERS, pr: HASHES[4] }, bearerTokens: [TOKEN] };

/** The hash of 72 times `x`. */
const LONG_HASH = "$2y$04$7tOSqcC1wdfkfhZTN6FbjepV/ig0Vm3IK./3oxMSMYvgESXpYjt4i";

const PATHS = ["/metrics", "/", "/favicon.ico", "/nowhere", "/-/targets", "/metrics?x=/-/healthy"];

for (const transport of TRANSPORTS) {
  let gatherings = 0;
  const source = { gather: () => ({ families: [gaugeOf([], `gathering_${++gatherings}`)] }) };

  testAccess(
    transport,
    "without credentials every path and method gets the same answer",
    { auth: AUTH, source },
    async ({ request, refused }) => {
      let head: string | undefined;
      for (const path of PATHS) {
        for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
          const response = await request({ path, method });
          assert.equal(response.status, 401, `${method} ${path}`);
          assert.equal(response.body, method === "HEAD" ? "" : "Unauthorized\n");
          const withoutDate = response.head.replace(/^Date: .*$/m, "");
          head ??= withoutDate;
          assert.equal(withoutDate, head, `${method} ${path}`);
        }
      }
      assert.match(head ?? "", /^WWW-Authenticate: Basic realm="metrics", charset="UTF-8"\r$/m);
      assert.match(head ?? "", /^WWW-Authenticate: Bearer realm="metrics"\r$/m);
      assert.match(head ?? "", /^Cache-Control: no-store\r$/m);
      assert.match(head ?? "", /^Content-Type: text\/plain; charset=utf-8\r$/m);
      assert.match(head ?? "", /^X-Content-Type-Options: nosniff\r$/m);
      assert.match(head ?? "", /^Connection: keep-alive\r$/m);
      assert.equal(gatherings, 0);
      assert.equal(await refused("credentials_missing"), PATHS.length * 4);
    },
  );

  testAccess(
    transport,
    "the parts of credentials cannot be shifted",
    { auth: AUTH },
    async ({ ask }) => {
      assert.equal((await ask(basic("prom", PASSWORD))).status, 200);
      for (const [user, password] of [
        ["pro", `m${PASSWORD}`],
        ["promc", PASSWORD.slice(1)],
        ["prom", `${HASHES[4]}${PASSWORD}`],
        [`prom${HASHES[4]}`, PASSWORD],
        ["prom", HASHES[4]],
        ["", `prom:${PASSWORD}`],
      ] as const) {
        const { status } = await ask(basic(user, password));
        assert.ok(status === 401 || status === 429, `${user} ${status}`);
      }
    },
  );

  testAccess(
    transport,
    "what is malformed is refused without a comparison",
    { auth: AUTH },
    async ({ ask, comparisons }) => {
      const good = Buffer.from(`pr:${PASSWORD}`).toString("base64");
      for (const value of [
        "",
        "Basic",
        `Basic ${good.replace(/=+$/, "")}`,
        `Basic  ${good}`,
        `Basic ${good} x`,
        "Basic !!!!",
        `Basic ${Buffer.from("prom:??>>").toString("base64url")}`,
        `Basic ${Buffer.from("prom").toString("base64")}`,
        `Basic ${Buffer.from(`${"u".repeat(3_072)}:x`).toString("base64")}`,
        `Digest ${good}`,
      ]) {
        assert.equal((await ask(raw(value))).status, 401, value);
      }
      assert.equal(comparisons(), 0);
    },
  );

  testAccess(transport, "a scheme may be in any case", { auth: AUTH }, async ({ ask }) => {
    for (const scheme of ["Basic", "basic", "BASIC"]) {
      assert.equal((await ask(basic("prom", PASSWORD, scheme))).status, 200);
    }
    assert.equal((await ask(raw(`bEARER ${TOKEN}`))).status, 200);
  });

  testAccess(
    transport,
    "credentials that come twice are refused, whichever is right",
    { auth: AUTH },
    async ({ ask }) => {
      const [good, bad] = [basic("prom", PASSWORD), basic("prom", "hunter2")];
      assert.equal((await ask(bad, good)).status, 400);
      assert.equal((await ask(good, bad)).status, 400);
      assert.equal((await ask(good, good)).status, 400);
      assert.equal((await ask(bearer(TOKEN), good)).status, 400);
      assert.equal((await ask(good)).status, 200);
    },
  );

  testAccess(
    transport,
    "a NUL in a password is refused; bcrypt ignores what follows 72 bytes",
    { auth: { users: { ...USERS, long: LONG_HASH } } },
    async ({ ask }) => {
      assert.equal((await ask(basic("prom", `${PASSWORD}\0`))).status, 401);
      assert.equal((await ask(basic("prom", `${PASSWORD}\0${PASSWORD}`))).status, 401);
      assert.equal((await ask(basic("long", "x".repeat(71)))).status, 401);
      assert.equal((await ask(basic("long", "x".repeat(73)))).status, 200);
    },
  );

  testAccess(
    transport,
    "credentials count in no other place",
    { auth: AUTH },
    async ({ ask, request }) => {
      const encoded = Buffer.from(`prom:${PASSWORD}`).toString("base64");
      assert.equal((await ask(`Proxy-Authorization: Basic ${encoded}`)).status, 401);
      assert.equal((await ask(`Cookie: Authorization=Bearer ${TOKEN}`)).status, 401);
      assert.equal((await request({ path: `/metrics?token=${TOKEN}` })).status, 401);
      assert.equal((await request({ path: `/metrics?access_token=${TOKEN}` })).status, 401);
      const { status } = await request({ path: `http://prom:${encoded}@test/metrics` });
      assert.ok(status === 400 || status === 401, `${status}`);
    },
  );

  testAccess(transport, "a token is right as a whole", { auth: AUTH }, async ({ ask }) => {
    assert.equal((await ask(bearer(TOKEN))).status, 200);
    for (const token of [TOKEN.slice(0, -1), `${TOKEN}x`, TOKEN.toLowerCase(), ""]) {
      assert.equal((await ask(bearer(token))).status, 401, token);
    }
  });

  testAccess(
    transport,
    "health is open, and nothing else that looks like it",
    { auth: AUTH },
    async ({ request }) => {
      const statusOf = async (path: string) => (await request({ path })).status;
      for (const path of ["/-/healthy", "/-/ready", "/-/healthy?x=/metrics"]) {
        assert.equal(await statusOf(path), 200, path);
      }
      assert.equal(await statusOf("http://test/-/healthy"), 200);
      for (const path of [
        "//-/healthy",
        "/-/healthy/",
        "/-/healthy/../metrics",
        "/-/healthy%2f",
        "/%2d/healthy",
        "/metrics/-/healthy",
        "http://test/-/healthy/../../metrics",
        "/metrics#/-/healthy",
      ]) {
        assert.ok([400, 401].includes(await statusOf(path)), path);
      }
      assert.equal((await request({ path: "/-/healthy", method: "POST" })).status, 401);
    },
  );

  testAccess(
    transport,
    "health can be closed",
    { auth: AUTH, openHealth: "never" },
    async ({ request }) => {
      assert.equal((await request({ path: "/-/healthy" })).status, 401);
      const headers = [bearer(TOKEN)];
      assert.equal((await request({ path: "/-/healthy", headers })).status, 200);
    },
  );
}
