import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { checkServerSecurity } from "../../src/options/late-rules.ts";
import { FORMATS, type ServerOptions } from "../../src/options/options.ts";
import { resolveHandlerOptions, resolveOptions } from "../../src/options/rules.ts";

const DEFAULTS = {
  formats: FORMATS,
  compression: { encodings: ["gzip", "zstd"] },
  path: "/metrics",
  paths: undefined,
  logger: console,
  timeoutMs: 30_000,
  timeoutOffsetMs: 500,
  errorHandling: "fail",
  onScrape: undefined,
  statusName: undefined,
  bodyLimit: undefined,
  maxKeptBytes: 67_108_864,
  maxRequestsInFlight: 16,
  allowedHosts: undefined,
  shutdownDelayMs: 0,
  drainTimeoutMs: 5_000,
  keepAliveTimeoutMs: 75_000,
  headersTimeoutMs: 5_000,
  maxHeaderBytes: 16_384,
  maxConnections: undefined,
  selfMetrics: true,
  workers: undefined,
  landingPage: true,
  unref: false,
  webConfigFile: undefined,
  tls: undefined,
  auth: undefined,
  headers: undefined,
  rateLimit: undefined,
  openHealth: "without-credentials",
  healthAddress: undefined,
  allowedNetworks: undefined,
  trustedProxies: undefined,
  socketMode: 0o660,
  socketGroup: undefined,
  thread: undefined,
};

/** In the form of a hash; of which password does not matter. */
const BCRYPT = `$2y$10$${"a".repeat(53)}`;

/** Checks options as a server does, which loads the rules of some when it has them. */
function check(options: ServerOptions): void {
  checkServerSecurity(resolveOptions(options));
}

const LOGGER = { error() {}, warn() {} };

test("resolveOptions() fills in the documented defaults", () => {
  assert.deepEqual(resolveOptions(), DEFAULTS);
  assert.deepEqual(resolveOptions({}), DEFAULTS);
});

test("resolveOptions() takes undefined for an option that was left out", () => {
  const options = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, undefined]));
  assert.deepEqual(resolveOptions(options), DEFAULTS);
});

test("resolveOptions() ignores entries that it has not checked: inherited or hidden ones", () => {
  assert.deepEqual(resolveOptions(Object.create({ path: 5, timeoutMs: "1" })), DEFAULTS);
  assert.deepEqual(resolveOptions(Object.defineProperty({}, "path", { value: 5 })), DEFAULTS);
  const compression = Object.create({ encodings: "gzip" });
  assert.deepEqual(resolveOptions({ compression }), DEFAULTS);
});

test("resolveOptions() does not change its argument, and returns a new object each time", () => {
  const options = Object.freeze({ path: "/own" });
  assert.notEqual(resolveOptions(options), resolveOptions(options));
});

const GOOD: readonly ServerOptions[] = [
  { path: "/" },
  { path: "/a/b-c_d.e~f/%20" },
  { path: "/:colon@at;semi=1,2+3!$&'()*" },
  { logger: false },
  { logger: LOGGER },
  { timeoutMs: 1 },
  { timeoutMs: 2 ** 31 - 1 },
  { timeoutOffsetMs: 0 },
  { shutdownDelayMs: 0 },
  { shutdownDelayMs: 2 ** 31 - 1 },
  { drainTimeoutMs: 0 },
  { keepAliveTimeoutMs: 1 },
  { headersTimeoutMs: 1 },
  { maxHeaderBytes: 1_024 },
  { maxHeaderBytes: 2 ** 24 },
  { maxConnections: 1 },
  { maxConnections: Number.MAX_SAFE_INTEGER },
  { maxRequestsInFlight: 1 },
  { maxKeptBytes: 0 },
  { errorHandling: "continue" },
  { onScrape() {} },
  { statusName: "shop_exporter" },
  { bodyLimit: { bytes: 1, action: "warn" } },
  { bodyLimit: { bytes: 10_000_000, action: "fail" } },
  { allowedHosts: [] },
  { allowedHosts: ["metrics.example.com"] },
  { formats: ["text-0.0.4"] },
  { selfMetrics: false, landingPage: false, unref: true },
  { webConfigFile: "web.yml", openHealth: "never" },
  { tls: {} },
  { tls: { cert: { file: "tls.crt" }, key: Buffer.of(1), passphrase: "x", clientAuth: "request" } },
  { tls: { pfx: new Uint8Array(1), minVersion: "TLSv1.3", ciphers: [], curves: ["X25519"] } },
  { auth: { users: { alice: BCRYPT } } },
  { auth: { bearerTokens: ["0123456789abcdef", "A-Za-z0-9._~+/=="], bearerTokenFile: "tokens" } },
  { auth: { authorize: () => true } },
  { headers: { "X-Frame-Options": "deny", "Content-Security-Policy": "" } },
  { rateLimit: { intervalMs: 0.5, burst: 1 } },
  { allowedNetworks: ["10.0.0.0/8", "::1", "2001:db8::/32"], trustedProxies: ["127.0.0.1"] },
  { healthAddress: ":9465" },
  { socketMode: 0o600, socketGroup: 0 },
  { thread: true },
];

for (const options of GOOD) {
  test(`resolveOptions() takes ${JSON.stringify(options)}`, () => {
    assert.deepEqual(resolveOptions(options), { ...DEFAULTS, ...options });
  });
}

const COMPRESSIONS: readonly {
  compression: NonNullable<ServerOptions["compression"]>;
  expected: object;
}[] = [
  { compression: false, expected: { encodings: [] } },
  { compression: {}, expected: { encodings: ["gzip", "zstd"] } },
  { compression: { encodings: ["gzip"] }, expected: { encodings: ["gzip"] } },
  {
    compression: { encodings: undefined, gzipLevel: 9, zstdLevel: 19 },
    expected: { encodings: ["gzip", "zstd"], gzipLevel: 9, zstdLevel: 19 },
  },
];

for (const { compression, expected } of COMPRESSIONS) {
  test(`resolveOptions() understands compression: ${JSON.stringify(compression)}`, () => {
    assert.deepEqual(resolveOptions({ compression }).compression, expected);
  });
}

const MS_OPTIONS = [
  "timeoutMs",
  "timeoutOffsetMs",
  "shutdownDelayMs",
  "drainTimeoutMs",
  "keepAliveTimeoutMs",
  "headersTimeoutMs",
];

const INTEGER_OPTIONS = [
  ...MS_OPTIONS,
  "maxKeptBytes",
  "maxHeaderBytes",
  "maxConnections",
  "maxRequestsInFlight",
];

const OUT_OF_RANGE: readonly (readonly [string, unknown])[] = [
  ...INTEGER_OPTIONS.flatMap((name) =>
    [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((value) => [name, value] as const),
  ),
  ...MS_OPTIONS.map((name) => [name, 2 ** 31] as const),
  ...["timeoutMs", "keepAliveTimeoutMs", "headersTimeoutMs", "maxConnections"].map(
    (name) => [name, 0] as const,
  ),
  ["maxHeaderBytes", 1_023],
  ["maxHeaderBytes", 2 ** 24 + 1],
  ["maxConnections", Number.MAX_SAFE_INTEGER + 1],
  ["path", ""],
  ["path", "metrics"],
  ["path", "/metrics?debug"],
  ["path", "/metrics#top"],
  ["path", "/a b"],
  ["path", "/<script>"],
  ["path", "/ä"],
  ["path", "/a\n"],
  ["maxRequestsInFlight", 0],
  ["maxKeptBytes", -1],
  ["errorHandling", "ignore"],
  ["statusName", "shop-exporter"],
  ["statusName", ""],
  ["statusName", "9lives"],
  ["formats", []],
  ["formats", ["text-0.0.5"]],
  ["formats", ["text-0.0.4", "text-0.0.4"]],
  ["formats", [Symbol("text-0.0.4")]],
  ["formats", [Object.create(null)]],
  ["formats", new Array(1)],
  ["webConfigFile", ""],
  ["openHealth", "always"],
  ["socketMode", 0o1777],
  ["socketMode", -1],
  ["socketGroup", 2 ** 32 - 1],
  ...[
    "10.0.0.0/33",
    "::/129",
    "10.0.0",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "fe80::1%eth0",
    " ::1",
    7,
  ].flatMap((network) => [
    ["allowedNetworks", [network]] as const,
    ["trustedProxies", ["::1", network]] as const,
  ]),
  ["allowedNetworks", new Array(1)],
  ["healthAddress", ":65536"],
];

const NESTED_WRONG_TYPE: readonly (readonly [string, object])[] = [
  ["compression.gzipLevel", { compression: { gzipLevel: "9" } }],
  ["compression.encodings", { compression: { encodings: "gzip" } }],
  ["compression.brotliLevel", { compression: { brotliLevel: 1 } }],
  ["bodyLimit.bytes", { bodyLimit: { bytes: "1", action: "warn" } }],
  ["bodyLimit.action", { bodyLimit: { bytes: 1, action: 7 } }],
  ["bodyLimit.size", { bodyLimit: { bytes: 1, action: "warn", size: 1 } }],
  ["tls.cert", { tls: { cert: 7 } }],
  ["tls.key", { tls: { key: { file: 7 } } }],
  ["tls.key", { tls: { key: { file: "-----BEGIN PRIVATE KEY-----" } } }],
  ["tls.passphrase", { tls: { passphrase: "" } }],
  ["tls.clientAllowedSans", { tls: { clientAllowedSans: "DNS:a" } }],
  ["tls.ca", { tls: { ca: "x" } }],
  ["auth.users", { auth: { users: {} } }],
  ["auth.users", { auth: { users: null } }],
  ["auth.bearerTokens", { auth: { bearerTokens: [] } }],
  ["auth.bearerTokens", { auth: { bearerTokens: "0123456789abcdef" } }],
  ["auth.bearerTokenFile", { auth: { bearerTokenFile: 7 } }],
  ["auth.authorize", { auth: { authorize: true } }],
  ["auth.token", { auth: { token: "0123456789abcdef" } }],
  ["rateLimit", { rateLimit: { burst: 1 } }],
  ["rateLimit.burst", { rateLimit: { intervalMs: 1, burst: "1" } }],
];

const NESTED_OUT_OF_RANGE: readonly (readonly [string, object])[] = [
  ["compression.encodings", { compression: { encodings: [] } }],
  ["compression.encodings", { compression: { encodings: ["br"] } }],
  ["compression.gzipLevel", { compression: { gzipLevel: 0 } }],
  ["compression.gzipLevel", { compression: { gzipLevel: 10 } }],
  ["compression.zstdLevel", { compression: { zstdLevel: 20 } }],
  ["bodyLimit.bytes", { bodyLimit: { bytes: 0, action: "warn" } }],
  ["bodyLimit.action", { bodyLimit: { bytes: 1, action: "cut" } }],
  ["tls.clientAuth", { tls: { clientAuth: "RequireAnyClientCert" } }],
  ["tls.minVersion", { tls: { minVersion: "TLSv1.1" } }],
  ["auth.users", { auth: { users: { "": BCRYPT } } }],
  ["auth.users", { auth: { users: { "a:b": BCRYPT } } }],
  ...[undefined, "", "secret", `${BCRYPT}=`, `x${BCRYPT}`, BCRYPT.slice(1), `${BCRYPT}\n`].map(
    (hash) => ["auth.users.alice", { auth: { users: { alice: hash } } }] as const,
  ),
  ...["$2x$10", "$2z$10", "$1$10", "$2y$03", "$2y$17", "$2y$31"].map(
    (start) =>
      [
        "auth.users.alice",
        { auth: { users: { alice: BCRYPT.replace("$2y$10", start) } } },
      ] as const,
  ),
  ...[
    "",
    "0123456789abcde",
    "0123456789abcdef\n",
    "with a blank in it",
    "=0123456789abcdef",
    7,
  ].map((token) => ["auth.bearerTokens", { auth: { bearerTokens: [token] } }] as const),
  ["auth.bearerTokens", { auth: { bearerTokens: new Array(1) } }],
  ["auth.bearerTokenFile", { auth: { bearerTokenFile: "" } }],
  ["headers", { headers: { "X-Foo": "bar" } }],
  ["headers", { headers: { "x-frame-options": "deny" } }],
  ["headers.X-Frame-Options", { headers: { "X-Frame-Options": "DENY" } }],
  ["headers.X-Content-Type-Options", { headers: { "X-Content-Type-Options": "" } }],
  ["headers.Content-Security-Policy", { headers: { "Content-Security-Policy": "a\r\nb: c" } }],
  ["rateLimit.intervalMs", { rateLimit: { intervalMs: 0, burst: 1 } }],
  ["rateLimit.burst", { rateLimit: { intervalMs: 1, burst: 0 } }],
];

for (const [errorClass, cases] of [
  [TypeError, NESTED_WRONG_TYPE],
  [RangeError, NESTED_OUT_OF_RANGE],
] as const) {
  for (const [name, options] of cases) {
    test(`resolveOptions() names ${name} in its refusal of ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => check(options),
        (error: unknown) => error instanceof errorClass && error.message.includes(`"${name}"`),
      );
    });
  }
}

const SECRET = "hunter2hunter2hunter2";

for (const options of [
  { auth: SECRET },
  { auth: { users: SECRET } },
  { auth: { users: new Map([["alice", SECRET]]) } },
  { auth: { users: { [`alice:${SECRET}`]: BCRYPT } } },
  { auth: { users: { alice: SECRET } } },
  { auth: { bearerTokens: SECRET } },
  { auth: { bearerTokens: [`${SECRET} `] } },
  { auth: { bearerTokenFile: [SECRET] } },
  { auth: { authorize: SECRET } },
  { tls: SECRET },
  { tls: { key: [SECRET] } },
  { tls: { key: { file: `-----BEGIN PRIVATE KEY-----${SECRET}` } } },
  { tls: { passphrase: [SECRET] } },
]) {
  test(`resolveOptions() shows no secret of ${inspect(options)}`, () => {
    assert.throws(
      () => check(options as object),
      (error: unknown) => error instanceof Error && !inspect(error).includes(SECRET),
    );
  });
}

for (const [name, value] of OUT_OF_RANGE) {
  test(`resolveOptions() refuses ${name}: ${inspect(value)}`, () => {
    assert.throws(
      () => check({ [name]: value }),
      (error: unknown) => {
        assert.ok(error instanceof RangeError);
        assert.ok(error.message.includes(`"${name}"`));
        return true;
      },
    );
  });
}

const WRONG_TYPE: readonly (readonly [string, unknown])[] = [
  ...INTEGER_OPTIONS.flatMap((name) =>
    ["5000", null, 5n, {}].map((value) => [name, value] as const),
  ),
  ...["selfMetrics", "landingPage", "unref"].flatMap((name) =>
    ["true", 1, null].map((value) => [name, value] as const),
  ),
  ["path", 7],
  ["path", null],
  ["path", /metrics/],
  ["logger", true],
  ["logger", null],
  ["logger", "console"],
  ["logger", {}],
  ["logger", { error() {} }],
  ["logger", { error() {}, warn: "no" }],
  ["logger", Object.create(null)],
  ["port", 9_464],
  ["errorHandling", true],
  ["onScrape", "log"],
  ["onScrape", null],
  ["statusName", 7],
  ["bodyLimit", 1_000],
  ["bodyLimit", null],
  ["bodyLimit", { bytes: 1 }],
  ["bodyLimit", { action: "warn" }],
  ["allowedHosts", "localhost"],
  ["allowedHosts", [7]],
  ["allowedHosts", null],
  ["formats", "text-0.0.4"],
  ["compression", true],
  ["compression", null],
  ["webConfigFile", { file: "web.yml" }],
  ["tls", true],
  ["tls", null],
  ["auth", {}],
  ["auth", { users: undefined }],
  ["auth", "alice"],
  ["headers", null],
  ["rateLimit", 5],
  ["allowedNetworks", []],
  ["allowedNetworks", "10.0.0.0/8"],
  ["trustedProxies", []],
  ["healthAddress", {}],
  ["socketMode", "0660"],
  ["toString", () => ""],
  ["__proto__", 1],
];

for (const [name, value] of WRONG_TYPE) {
  const shown = typeof value === "object" ? typeof value : String(value);
  test(`resolveOptions() refuses ${name} of a wrong type: ${shown}`, () => {
    const options = Object.defineProperty({}, name, { value, enumerable: true });
    assert.throws(
      () => check(options),
      (error: unknown) => {
        assert.ok(error instanceof TypeError);
        assert.ok(error.message.includes(`"${name}"`), error.message);
        return true;
      },
    );
  });
}

test("no refusal of credentials shows them", () => {
  const secret = "my-secret";
  for (const options of [
    { auth: { users: { alice: secret } } },
    { auth: { bearerTokens: [secret] } },
    { tls: { passphrase: [secret] } },
    { tls: { key: [secret] } },
    { auth: secret },
    { auth: { users: `alice:${secret}` } },
    { auth: { users: { [`alice:${secret}`]: BCRYPT } } },
    { tls: secret },
  ]) {
    assert.throws(
      () => check(options as unknown as ServerOptions),
      (error: unknown) => error instanceof Error && !error.message.includes(secret),
    );
  }
});

for (const options of [null, "/metrics", 7, true]) {
  test(`resolveOptions() refuses ${options} instead of options`, () => {
    // What a caller in JavaScript may pass.
    assert.throws(() => check(options as unknown as ServerOptions), TypeError);
  });
}

/** What only a server has. */
const LISTENER_OPTIONS = [
  "path",
  "paths",
  "shutdownDelayMs",
  "drainTimeoutMs",
  "keepAliveTimeoutMs",
  "headersTimeoutMs",
  "maxHeaderBytes",
  "maxConnections",
  "landingPage",
  "unref",
  "webConfigFile",
  "tls",
  "openHealth",
  "healthAddress",
  "socketMode",
  "socketGroup",
  "thread",
];

const HANDLER_DEFAULTS = Object.fromEntries(
  Object.entries(DEFAULTS).filter(([name]) => !LISTENER_OPTIONS.includes(name)),
);

test("resolveHandlerOptions() fills in the defaults of what a handler has", () => {
  assert.deepEqual(resolveHandlerOptions(), HANDLER_DEFAULTS);
  assert.deepEqual(resolveHandlerOptions({ timeoutMs: 7, compression: { gzipLevel: 9 } }), {
    ...HANDLER_DEFAULTS,
    timeoutMs: 7,
    compression: { ...DEFAULTS.compression, gzipLevel: 9 },
  });
});

for (const name of LISTENER_OPTIONS) {
  test(`resolveHandlerOptions() refuses ${name}, which only a server has`, () => {
    const value = DEFAULTS[name as keyof typeof DEFAULTS];
    assert.throws(
      () => resolveHandlerOptions({ [name]: value }),
      new TypeError(`Option "${name}" belongs to a server, not to createHandler()`),
    );
  });
}
