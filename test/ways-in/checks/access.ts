import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ClientResponse, get } from "../clients/client.ts";
import { countingText } from "../sources.ts";
import type { Check } from "./check.ts";

/** `secret`, with the lowest cost that there is. */
const USERS = { prom: "$2y$04$7tOSqcC1wdfkfhZTN6FbjeYgnXcUqScCu7MWTKTcBPjhPzW/12lH." };
const TOKEN = "0123456789abcdef";

const basic = (login: string) => `Basic ${Buffer.from(login).toString("base64")}`;

const MISSING = /^warn promhttp: Refused a request from .*: it has no credentials$/;
const WRONG = /^warn promhttp: Refused a request from .*: its credentials are wrong/;

/** Who may ask. */
export const ACCESS: readonly Check[] = [
  {
    name: "asks for credentials without gathering, whatever the method",
    source: "counting",
    options: { selfMetrics: false, auth: { users: USERS, bearerTokens: [TOKEN] } },
    log: [MISSING],
    async run({ connect }) {
      const client = await connect();
      for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
        const headers = { "content-length": "0" };
        const response = await get(client, method === "GET" ? {} : { method, headers });
        assertUnauthorized(response, method);
      }
      const authorization = `Bearer ${TOKEN}`;
      const { status, body } = await get(client, { headers: { authorization } });
      assert.equal(status, 200);
      assert.equal(`${body}`, countingText(1));
    },
  },

  {
    name: "lets in a user with his password, and nobody else",
    source: "counting",
    options: { selfMetrics: false, auth: { users: USERS } },
    log: [WRONG],
    async run({ connect }) {
      const client = await connect();
      const ask = (authorization: string) => get(client, { headers: { authorization } });
      assert.equal(`${(await ask(basic("prom:secret"))).body}`, countingText(1));
      for (const login of ["prom:Secret", "prom:", "Prom:secret", ":secret", "prom"]) {
        assert.equal((await ask(basic(login))).status, 401, login);
      }
      assert.equal((await ask(`Bearer ${TOKEN}`)).status, 401);
      assert.equal(`${(await ask(basic("prom:secret"))).body}`, countingText(2));
    },
  },

  {
    name: "asks the option auth.authorize",
    source: "counting",
    options: {
      selfMetrics: false,
      auth: { authorize: ({ headers }) => headers["x-ticket"] === "good" },
    },
    log: [MISSING],
    async run({ connect }) {
      const client = await connect();
      const ask = (ticket: string) => get(client, { headers: { "x-ticket": ticket } });
      assert.equal((await ask("bad")).status, 401);
      assert.equal(`${(await ask("good")).body}`, countingText(1));
    },
  },

  {
    name: "sends the headers that are configured with every answer",
    source: "counting",
    options: {
      selfMetrics: false,
      headers: { "X-Frame-Options": "deny", "Content-Security-Policy": "default-src 'none'" },
    },
    async run({ connect }) {
      const client = await connect();
      for (const [method, status] of [
        ["GET", 200],
        ["HEAD", 200],
        ["DELETE", 405],
      ] as const) {
        const { headers, ...response } = await get(client, { method });
        assert.equal(response.status, status);
        assert.equal(headers["x-frame-options"], "deny");
        assert.equal(headers["content-security-policy"], "default-src 'none'");
      }
    },
  },

  {
    name: "refuses what comes faster than the rate limit",
    source: "counting",
    options: { selfMetrics: false, rateLimit: { intervalMs: 3_600_000, burst: 2 } },
    log: [/^warn promhttp: Refused a request from .*: there are more than the rate limit allows$/],
    async run({ connect }) {
      const client = await connect();
      for (const gatherings of [1, 2]) {
        assert.equal(`${(await get(client)).body}`, countingText(gatherings));
      }
      const { status, headers, body } = await get(client);
      assert.equal(status, 429);
      assert.match(headers["retry-after"] ?? "", /^3\d{3}$/);
      assert.equal(`${body}`, "Too many requests.\n");
    },
  },

  {
    name: "refuses other networks, whatever a header says",
    source: "counting",
    options: { selfMetrics: false, allowedNetworks: ["192.0.2.0/24"] },
    log: [/^warn promhttp: Refused a request from .*: its network is not allowed$/],
    async run({ connect }) {
      const headers = { "x-forwarded-for": "192.0.2.1" };
      const { status, body } = await get(await connect(), { headers });
      assert.equal(status, 403);
      assert.equal(`${body}`, "This network is not allowed.\n");
    },
  },

  {
    name: "lets in the networks that are allowed",
    source: "counting",
    options: { selfMetrics: false, allowedNetworks: ["192.0.2.0/24", "127.0.0.0/8", "::1"] },
    async run({ connect }) {
      assert.equal(`${(await get(await connect())).body}`, countingText(1));
    },
  },
];

function assertUnauthorized(response: ClientResponse, method: string): void {
  const { status, headers, body } = response;
  assert.equal(status, 401);
  // What a function of the Fetch API returns for HEAD, its runtime sends without the body.
  if (method !== "HEAD") assert.equal(`${body}`, "Unauthorized\n");
  assert.equal(headers["content-type"], "text/plain; charset=utf-8");
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-content-type-options"], "nosniff");
  const challenges = headers["www-authenticate"] ?? "";
  assert.match(challenges, /Basic realm="metrics", charset="UTF-8"/);
  assert.match(challenges, /Bearer realm="metrics"/);
}
