import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExporterConfig } from "../../src/exporter/exporter-config.ts";
import { settingsOf } from "../../src/exporter/exporter-settings.ts";

const VARIABLES = { host: "", port: "" };

/** Reads options as an application without types may give them. */
function read(config: unknown) {
  // Cast: it may be anything.
  return settingsOf(config as ExporterConfig, VARIABLES);
}

test("settingsOf() gives the defaults of the exporter of OpenTelemetry", () => {
  const { reader, server, place, startsServer, notes } = read({});
  assert.deepEqual(
    Object.entries(reader).filter(([, value]) => value !== undefined),
    Object.entries({ unitSuffixes: false, scopeInfoEnabled: true, targetInfoEnabled: true }),
  );
  const { logger: _, ...options } = server;
  assert.deepEqual(options, {
    errorHandling: "continue",
    formats: ["text-0.0.4", "text-1.0.0", "protobuf"],
    landingPage: false,
    unref: true,
    path: "/metrics",
  });
  assert.deepEqual(place, { host: undefined, port: undefined, variables: VARIABLES });
  assert.equal(startsServer, true);
  assert.deepEqual(notes, []);
});

test("settingsOf() takes what is false for the default, except for port 0", () => {
  const keys = ["host", "endpoint", "prefix", "withResourceConstantLabels", "withoutScopeInfo"];
  const rest = ["port", "preventServerStart", "metricProducers", "logger", "appendTimestamp"];
  const nothing = Object.fromEntries([...keys, ...rest].map((key) => [key, null]));
  const empty = { host: "", endpoint: "", prefix: "", port: "" };
  for (const config of [nothing, empty, { port: Number.NaN }]) {
    assert.deepEqual(read(config), read({}));
  }
  assert.equal(read({ port: 0 }).place.port, 0);
});

/** Options of the reader, and what they become. */
const READERS: readonly [config: unknown, name: string, value: unknown][] = [
  [{ withoutScopeInfo: true }, "scopeInfoEnabled", false],
  [{ withoutScopeInfo: true, scopeInfoEnabled: true }, "scopeInfoEnabled", true],
  [{ withoutTargetInfo: 1 }, "targetInfoEnabled", false],
  [{ targetInfoEnabled: false }, "targetInfoEnabled", false],
  [{ withResourceConstantLabels: /^service\./i }, "resourceConstantLabels", /^service\./i],
  [{ withResourceConstantLabels: "^a" }, "resourceConstantLabels", /^a/],
  [
    { withResourceConstantLabels: /a/, resourceConstantLabels: { included: ["b"] } },
    "resourceConstantLabels",
    { included: ["b"] },
  ],
  [{ prefix: "app" }, "prefix", "app"],
  [{ unitSuffixes: true }, "unitSuffixes", true],
  [{ translationStrategy: "NoTranslation" }, "unitSuffixes", undefined],
  [{ translationStrategy: "NoTranslation" }, "translationStrategy", "NoTranslation"],
  [{ translationStrategy: "NoTranslation", unitSuffixes: false }, "unitSuffixes", false],
  [{ exponentialHistograms: "native" }, "exponentialHistograms", "native"],
  [{ cardinalityLimit: 5 }, "cardinalityLimit", 5],
];

for (const [config, name, value] of READERS) {
  test(`settingsOf(${show(config)}) gives the reader ${name}: ${show(value)}`, () => {
    const reader: Readonly<Record<string, unknown>> = { ...read(config).reader };
    assert.deepEqual(reader[name], value);
  });
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (inner instanceof RegExp ? `${inner}` : inner));
}

test("settingsOf() gives each part its own options of the server", () => {
  const { server, handler } = read({
    timeoutMs: 5,
    unref: false,
    landingPage: true,
    endpoint: "m",
    thread: true,
  });
  const { timeoutMs, unref, landingPage, path, thread } = server;
  assert.deepEqual([timeoutMs, unref, landingPage, path, thread], [5, false, true, "/m", true]);
  assert.deepEqual(Object.keys(handler).sort(), [
    "errorHandling",
    "formats",
    "logger",
    "timeoutMs",
  ]);
});

test("settingsOf() starts the server unless preventServerStart is true", () => {
  assert.equal(read({ preventServerStart: true }).startsServer, false);
  assert.equal(read({ preventServerStart: false }).startsServer, true);
});

test("settingsOf() takes a port as text, as Node does", () => {
  assert.equal(read({ port: "9100" }).place.port, 9100);
  // Listening fails: the callback gets the error.
  assert.equal(read({ port: 99_999 }).place.port, 99_999);
});

test("settingsOf() ignores an option that does not exist, and says so", () => {
  assert.deepEqual(read({ startServer: true, path: "/x", appendTimestamp: true }).notes, [
    'Unknown option "startServer" is ignored',
    'Unknown option "path" is ignored',
    'Option "appendTimestamp" has no effect: samples are served without timestamps',
  ]);
});

const ERRORS: readonly [config: unknown, error: new () => Error, message: string][] = [
  [5, TypeError, "Options must be an object, got 5"],
  [null, TypeError, "Options must be an object, got null"],
  [{ host: 5 }, TypeError, 'Option "host" must be a string, got 5'],
  [{ port: "http" }, TypeError, 'Option "port" must be a number, got "http"'],
  [{ port: true }, TypeError, 'Option "port" must be a number, got true'],
  [{ endpoint: 5 }, TypeError, 'Option "endpoint" must be a string, got 5'],
  [
    { endpoint: "a b" },
    RangeError,
    'Option "endpoint" must be the path of a URL that the server does not use itself, got "a b"',
  ],
  [
    { endpoint: "/-/ready" },
    RangeError,
    'Option "endpoint" must be the path of a URL that the server does not use itself, got "/-/ready"',
  ],
  [{ timeoutMs: "1" }, TypeError, `Option "timeoutMs" must be a number, got "1"`],
  [{ thread: "1" }, TypeError, 'Option "thread" must be true, false or an object, got "1"'],
  [
    { logger: 5 },
    TypeError,
    'Option "logger" must be false or an object with error() and warn(), got 5',
  ],
];

for (const [config, type, message] of ERRORS) {
  test(`settingsOf(${show(config)}) throws: ${message}`, () => {
    assert.throws(
      () => read(config),
      (error) => {
        assert.ok(error instanceof type);
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}
