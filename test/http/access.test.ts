import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { mock, test } from "node:test";
import { type AccessParts, createAccess, type Policy } from "../../src/http/access.ts";
import { createLog } from "../../src/log.ts";
import { isPromise } from "../../src/maybe-promise.ts";
import type { ValueMetric } from "../../src/model/metric-family.ts";
import type { AuthorizeRequest } from "../../src/options/security.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";

const OPEN: Policy = {
  users: new Map(),
  tokens: [],
  authorize: undefined,
  headers: {},
  rateLimit: undefined,
  allowedNetworks: undefined,
  trustedProxies: undefined,
  openHealth: "without-credentials",
};

/** `secret`, with the lowest cost that there is. */
const HASH = "$2y$04$7tOSqcC1wdfkfhZTN6FbjeYgnXcUqScCu7MWTKTcBPjhPzW/12lH.";
const TOKEN = "0123456789abcdef";

const basic = (login: string) => `Basic ${Buffer.from(login).toString("base64")}`;

interface TestVisit {
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string | undefined;
  readonly isHealth?: boolean;
  readonly target?: string;
}

function visitOf({
  headers = {},
  remoteAddress,
  isHealth = false,
  target = "/metrics",
}: TestVisit) {
  const header = (name: string) => headers[name];
  const head = { method: "GET", target, remoteAddress: remoteAddress ?? "192.0.2.1", header };
  // Cast: what is read of a request.
  const request = { headers, rawHeaders: [], socket: {} } as unknown as IncomingMessage;
  return { head, request, isHealth };
}

function openAccess(policy: Partial<Policy>, parts: Partial<AccessParts> = {}) {
  const { lines, ...logger } = createRecorder();
  const log = createLog(logger);
  const access = createAccess({ ...OPEN, ...policy }, { log, locksOut: true, ...parts });
  return {
    access,
    lines,
    admit: (visit: TestVisit = {}) => access.admit(visitOf(visit)),
    /** The status of the refusal, or 200. */
    statusOf: async (visit: TestVisit = {}) => (await access.admit(visitOf(visit)))?.status ?? 200,
    use: (next: Partial<Policy>) => access.use({ ...OPEN, ...next }),
  };
}

const withToken = (token = TOKEN): TestVisit => ({ headers: { authorization: `Bearer ${token}` } });
const withLogin = (login: string): TestVisit => ({ headers: { authorization: basic(login) } });

test("a policy without conditions lets everybody in", async () => {
  const { admit } = openAccess({});
  assert.equal(admit(), undefined);
});

test("what is known is let in without a promise", async () => {
  const { access, admit, statusOf } = openAccess({
    users: new Map([["prom", HASH]]),
    tokens: [TOKEN],
  });
  try {
    assert.equal(admit(withToken()), undefined);
    assert.equal(await statusOf(withLogin("prom:secret")), 200);
    assert.equal(admit(withLogin("prom:secret")), undefined);
    for (const visit of [{}, withToken("x"), { headers: { authorization: "Basic !" } }]) {
      const refusal = admit(visit);
      assert.ok(!isPromise(refusal) && refusal?.status === 401);
    }
  } finally {
    access.close();
  }
});

test("networks come before certificates, these before health, and that before credentials", async () => {
  let fault: string | undefined = "it has no certificate";
  const certificateOf = () => ({ certificate: undefined, fault });
  const { admit, lines } = openAccess(
    { tokens: [TOKEN], allowedNetworks: ["192.0.2.0/24"] },
    { certificateOf },
  );
  const refusalOf = async (visit: TestVisit) => (await admit(visit))?.text;
  const stranger = { ...withToken(), remoteAddress: "198.51.100.1", isHealth: true };
  assert.equal(await refusalOf(stranger), "This network is not allowed.\n");
  const uncertified = { ...withToken(), isHealth: true };
  assert.match((await refusalOf(uncertified)) ?? "", /^A client certificate /);
  fault = undefined;
  assert.equal(await refusalOf({ isHealth: true }), undefined);
  assert.equal(await refusalOf({}), "Unauthorized\n");
  assert.ok(lines.some((line) => line.includes("not accepted (it has no certificate)")));
});

test("health needs what the option openHealth says", async () => {
  const certificateOf = () => ({ certificate: undefined, fault: "it has none" });
  for (const [openHealth, withoutCertificate, withoutCredentials] of [
    ["never", 403, 401],
    ["without-credentials", 403, 200],
    ["without-certificate", 200, 200],
  ] as const) {
    const policy = { tokens: [TOKEN], openHealth };
    const health = { isHealth: true };
    assert.equal(await openAccess(policy, { certificateOf }).statusOf(health), withoutCertificate);
    assert.equal(await openAccess(policy).statusOf(health), withoutCredentials);
    assert.equal(await openAccess(policy).statusOf(), 401);
  }
});

test("health does not count against the rate limit", async () => {
  const { statusOf } = openAccess({ rateLimit: { intervalMs: 3_600_000, burst: 1 } });
  assert.equal(await statusOf({ isHealth: true }), 200);
  assert.equal(await statusOf(), 200);
  assert.equal(await statusOf(), 429);
  assert.equal(await statusOf({ isHealth: true }), 200);
});

test("another policy is used at once, and does not allow more of the same rate", async () => {
  const rateLimit = { intervalMs: 3_600_000, burst: 1 };
  const { statusOf, use, access } = openAccess({ tokens: [TOKEN], rateLimit });
  assert.equal(await statusOf(withToken()), 200);
  const headers = { "X-Frame-Options": "deny" };
  use({ tokens: [TOKEN, "fedcba9876543210"], rateLimit: { ...rateLimit }, headers });
  assert.deepEqual(access.headers, headers);
  assert.equal(await statusOf(withToken("fedcba9876543210")), 429);
  use({ tokens: ["fedcba9876543210"], rateLimit: { intervalMs: 3_600_000, burst: 2 } });
  assert.equal(await statusOf(withToken("fedcba9876543210")), 200);
  assert.equal(await statusOf(withToken()), 401);
});

test("nobody is locked out where a proxy may stand in front, unless proxies are named", async () => {
  const wrong = withToken("not-the-right-token");
  for (const [trustedProxies, last] of [
    [undefined, 401],
    [["192.0.2.7"], 429],
  ] as const) {
    const { statusOf } = openAccess({ tokens: [TOKEN], trustedProxies }, { locksOut: false });
    for (let index = 0; index < 10; index++) assert.equal(await statusOf(wrong), 401);
    assert.equal(await statusOf(wrong), last);
  }
});

test("without credentials an address may ask as often as it likes, and gets 401", async () => {
  const { statusOf } = openAccess({ tokens: [TOKEN] });
  for (let index = 0; index < 20; index++) assert.equal(await statusOf(), 401);
  assert.equal(await statusOf(withToken()), 200);
});

test("authorize() sees what the request says, and decides on what nothing else lets in", async () => {
  const asked: AuthorizeRequest[] = [];
  // Cast: it is only passed on.
  const certificate = {} as X509Certificate;
  const { statusOf } = openAccess(
    {
      tokens: [TOKEN],
      authorize(request) {
        asked.push(request);
        return request.headers["x-ticket"] === "good";
      },
    },
    { certificateOf: () => ({ certificate, fault: undefined }) },
  );
  assert.equal(await statusOf(withToken()), 200);
  assert.equal(asked.length, 0);
  const headers = { "x-ticket": "good" };
  assert.equal(await statusOf({ headers, target: "/metrics?name[]=up" }), 200);
  const remoteAddress = "192.0.2.1";
  const [request] = asked;
  assert.deepEqual(request, {
    method: "GET",
    path: "/metrics",
    headers,
    remoteAddress,
    certificate,
  });
  assert.equal(await statusOf({ headers: { "x-ticket": "bad" } }), 401);
});

test("only true lets in, at once or later", async () => {
  for (const [answer, status] of [
    [true, 200],
    [false, 401],
    ["yes", 401],
    [1, 401],
    [undefined, 401],
  ] as const) {
    for (const given of [answer, Promise.resolve(answer)]) {
      // Cast: what may come from JavaScript.
      const { statusOf } = openAccess({ authorize: () => given as boolean });
      assert.equal(await statusOf(), status, `${answer}`);
    }
  }
});

test("authorize() that takes longer than 5 seconds is a 503", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { statusOf, lines } = openAccess({ authorize: () => new Promise<boolean>(() => {}) });
    const status = statusOf();
    mock.timers.tick(5_000);
    assert.equal(await status, 503);
    assert.match(lines.join("\n"), /auth\.authorize.*longer than 5 seconds/);
  } finally {
    mock.timers.reset();
  }
});

test("passwords that cannot be compared are a 503", async () => {
  // The library does not know this revision, which no option can have.
  const users = new Map([["prom", HASH.replace("$2y", "$2x")]]);
  const { access, statusOf, lines } = openAccess({ users });
  assert.equal(await statusOf(withLogin("prom:secret")), 503);
  assert.match(lines.join("\n"), /Cannot check a password/);
  access.close();
});

test("the name of a user is logged only if there is such a user", async () => {
  const { access, statusOf, lines } = openAccess({ users: new Map([["prom", HASH]]) });
  for (const [login, remoteAddress] of [
    ["a-password:x", "192.0.2.1"],
    ["prom:x", "192.0.2.2"],
  ] as const) {
    assert.equal(await statusOf({ ...withLogin(login), remoteAddress }), 401);
  }
  access.close();
  assert.deepEqual(lines, [
    "warn promhttp: Refused a request from 192.0.2.1: its credentials are wrong",
    'warn promhttp: Refused a request from 192.0.2.2: its credentials are wrong (user "prom")',
  ]);
});

test("passwords that the end of a server leaves unchecked are a 503, and not a line", async () => {
  const { access, statusOf, lines } = openAccess({ users: new Map([["prom", HASH]]) });
  const waiting = statusOf(withLogin("prom:secret"));
  access.close();
  assert.equal(await waiting, 503);
  assert.equal(await statusOf(withLogin("prom:secret")), 503);
  assert.deepEqual(lines, []);
});

test("a network that names an address within it is logged", () => {
  const { lines } = openAccess({ allowedNetworks: ["10.0.0.5/8"], trustedProxies: ["::1/64"] });
  assert.deepEqual(lines, [
    'warn promhttp: 10.0.0.5/8 in "allowedNetworks" stands for a whole network, not for that address',
    'warn promhttp: ::1/64 in "trustedProxies" stands for a whole network, not for that address',
  ]);
});

test("hashes of different costs are logged once", () => {
  const hashOf = (cost: number) => HASH.replace("$04$", `$${cost}$`);
  const users = new Map([["a", hashOf(10)]]);
  const { lines, use } = openAccess({ users });
  assert.deepEqual(lines, []);
  for (let index = 0; index < 2; index++) use({ users: new Map([...users, ["b", hashOf(12)]]) });
  assert.deepEqual(lines, [
    "warn promhttp: Password hashes of different costs all take as long as one of 12: make them equal",
  ]);
});

test("requests of the Fetch API are in no network, which is said once", async () => {
  const { access, lines } = openAccess({ allowedNetworks: ["0.0.0.0/0", "::/0"] });
  const { head } = visitOf({});
  for (let index = 0; index < 3; index++) {
    const visit = { head: { ...head, remoteAddress: undefined }, isHealth: true };
    assert.equal((await access.admit(visit))?.status, 403);
  }
  assert.equal(lines.filter((line) => line.includes("Fetch API")).length, 1);
});

test("the challenges are those of what lets in", async () => {
  for (const [policy, challenges] of [
    [{ users: new Map([["prom", HASH]]) }, /^Basic realm="metrics", charset="UTF-8"$/],
    [{ tokens: [TOKEN] }, /^Bearer realm="metrics"$/],
    [{ authorize: () => false }, /^Bearer realm="metrics"$/],
  ] as const) {
    const { admit } = openAccess(policy);
    assert.match((await admit())?.challenges?.join("\n") ?? "", challenges);
  }
});

test("a request for a host that is not allowed counts", () => {
  const { access } = openAccess({});
  access.hostRefused();
  const [family] = access.families();
  // Cast: a counter has values.
  const metrics = family?.metrics as Iterable<ValueMetric> | undefined;
  assert.equal([...(metrics ?? [])].find(({ labels }) => labels["reason"] === "host")?.value, 1);
});
