import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { FORMATS, type ServerOptions } from "../../src/options/options.ts";
import { resolveHandlerOptions, resolveOptions } from "../../src/options/rules.ts";

const DEFAULTS = {
  formats: FORMATS,
  compression: { encodings: ["gzip", "zstd"] },
  path: "/metrics",
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
  maxConnections: 256,
  selfMetrics: true,
  workers: undefined,
  landingPage: true,
  unref: false,
};

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
];

const NESTED_WRONG_TYPE: readonly (readonly [string, object])[] = [
  ["compression.gzipLevel", { compression: { gzipLevel: "9" } }],
  ["compression.encodings", { compression: { encodings: "gzip" } }],
  ["compression.brotliLevel", { compression: { brotliLevel: 1 } }],
  ["bodyLimit.bytes", { bodyLimit: { bytes: "1", action: "warn" } }],
  ["bodyLimit.action", { bodyLimit: { bytes: 1, action: 7 } }],
  ["bodyLimit.size", { bodyLimit: { bytes: 1, action: "warn", size: 1 } }],
];

const NESTED_OUT_OF_RANGE: readonly (readonly [string, object])[] = [
  ["compression.encodings", { compression: { encodings: [] } }],
  ["compression.encodings", { compression: { encodings: ["br"] } }],
  ["compression.gzipLevel", { compression: { gzipLevel: 0 } }],
  ["compression.gzipLevel", { compression: { gzipLevel: 10 } }],
  ["compression.zstdLevel", { compression: { zstdLevel: 20 } }],
  ["bodyLimit.bytes", { bodyLimit: { bytes: 0, action: "warn" } }],
  ["bodyLimit.action", { bodyLimit: { bytes: 1, action: "cut" } }],
];

for (const [errorClass, cases] of [
  [TypeError, NESTED_WRONG_TYPE],
  [RangeError, NESTED_OUT_OF_RANGE],
] as const) {
  for (const [name, options] of cases) {
    test(`resolveOptions() names ${name} in its refusal of ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => resolveOptions(options),
        (error: unknown) => error instanceof errorClass && error.message.includes(`"${name}"`),
      );
    });
  }
}

for (const [name, value] of OUT_OF_RANGE) {
  test(`resolveOptions() refuses ${name}: ${inspect(value)}`, () => {
    assert.throws(
      () => resolveOptions({ [name]: value }),
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
  ["toString", () => ""],
  ["__proto__", 1],
];

for (const [name, value] of WRONG_TYPE) {
  const shown = typeof value === "object" ? typeof value : String(value);
  test(`resolveOptions() refuses ${name} of a wrong type: ${shown}`, () => {
    const options = Object.defineProperty({}, name, { value, enumerable: true });
    assert.throws(
      () => resolveOptions(options),
      (error: unknown) => {
        assert.ok(error instanceof TypeError);
        assert.ok(error.message.includes(`"${name}"`), error.message);
        return true;
      },
    );
  });
}

for (const options of [null, "/metrics", 7, true]) {
  test(`resolveOptions() refuses ${options} instead of options`, () => {
    // What a caller in JavaScript may pass.
    assert.throws(() => resolveOptions(options as unknown as ServerOptions), TypeError);
  });
}

/** What only a server has. */
const LISTENER_OPTIONS = [
  "path",
  "shutdownDelayMs",
  "drainTimeoutMs",
  "keepAliveTimeoutMs",
  "headersTimeoutMs",
  "maxHeaderBytes",
  "maxConnections",
  "landingPage",
  "unref",
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
