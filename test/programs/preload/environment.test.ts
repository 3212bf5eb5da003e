import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type PreloadSettings,
  readEnvironment,
} from "../../../src/programs/preload/environment.ts";
import type { Environment } from "../../../src/programs/preload/variables.ts";

const DEFAULTS: PreloadSettings = {
  address: ":9464",
  path: undefined,
  maxHeaderBytes: undefined,
  hasDefaultMetrics: true,
  workers: true,
  thread: false,
  webConfigFile: undefined,
  auth: undefined,
  allowedNetworks: undefined,
};

const CASES: readonly (readonly [env: Environment, expected: Partial<PreloadSettings>])[] = [
  [{}, {}],
  [{ PROMHTTP_ADDRESS: "", PROMHTTP_PATH: "", PROMHTTP_DEFAULT_METRICS: "" }, {}],
  [{ PROMHTTP_ADDRESS: "127.0.0.1:9100" }, { address: "127.0.0.1:9100" }],
  [{ PROMHTTP_ADDRESS: "9100" }, { address: 9100 }],
  [{ PROMHTTP_ADDRESS: "unix:/run/app.sock" }, { address: "unix:/run/app.sock" }],
  [{ PROMHTTP_PATH: "/probe" }, { path: "/probe" }],
  [{ PROMHTTP_MAX_HEADER_BYTES: "" }, {}],
  [{ PROMHTTP_MAX_HEADER_BYTES: "32768" }, { maxHeaderBytes: 32_768 }],
  [{ PROMHTTP_DEFAULT_METRICS: "0" }, { hasDefaultMetrics: false }],
  [{ PROMHTTP_DEFAULT_METRICS: "false" }, { hasDefaultMetrics: false }],
  [{ PROMHTTP_DEFAULT_METRICS: "1" }, {}],
  [{ PROMHTTP_WORKERS: "" }, {}],
  [{ PROMHTTP_WORKERS: "1" }, {}],
  [{ PROMHTTP_WORKERS: "true" }, {}],
  [{ PROMHTTP_WORKERS: "0" }, { workers: false }],
  [{ PROMHTTP_WORKERS: "false" }, { workers: false }],
  [{ PROMHTTP_WORKERS: "label" }, { workers: "label" }],
  [{ PROMHTTP_THREAD: "" }, {}],
  [{ PROMHTTP_THREAD: "1" }, { thread: true }],
  [{ PROMHTTP_THREAD: "0" }, {}],
  [{ PROMHTTP_WEB_CONFIG_FILE: "web.yml" }, { webConfigFile: "web.yml" }],
  [{ PROMHTTP_BEARER_TOKEN_FILE: "tokens" }, { auth: { bearerTokenFile: "tokens" } }],
  [{ PROMHTTP_ALLOWED_NETWORKS: "::1" }, { allowedNetworks: ["::1"] }],
  [{ PROMHTTP_ALLOWED_NETWORKS: "10.0.0.0/8, ::1" }, { allowedNetworks: ["10.0.0.0/8", "::1"] }],
  [
    { PROMHTTP_WEB_CONFIG_FILE: "", PROMHTTP_BEARER_TOKEN_FILE: "", PROMHTTP_ALLOWED_NETWORKS: "" },
    {},
  ],
  [{ OTEL_EXPORTER_PROMETHEUS_PORT: "9100" }, { address: { host: "localhost", port: 9100 } }],
  [{ OTEL_EXPORTER_PROMETHEUS_HOST: "::1" }, { address: { host: "::1", port: 9464 } }],
  [
    { OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0", OTEL_EXPORTER_PROMETHEUS_PORT: "0" },
    { address: { host: "0.0.0.0", port: 0 } },
  ],
  [{ OTEL_EXPORTER_PROMETHEUS_HOST: "", OTEL_EXPORTER_PROMETHEUS_PORT: "" }, {}],
  [{ PROMHTTP_ADDRESS: ":9100", OTEL_EXPORTER_PROMETHEUS_PORT: "x" }, { address: ":9100" }],
];

for (const [env, expected] of CASES) {
  test(`readEnvironment() accepts ${JSON.stringify(env)}`, () => {
    assert.deepEqual(readEnvironment(env), { ...DEFAULTS, ...expected });
  });
}

const WRONG: readonly (readonly [name: string, value: string])[] = [
  ["PROMHTTP_ADDRESS", "nowhere"],
  ["PROMHTTP_ADDRESS", "65536"],
  ["PROMHTTP_PATH", "metrics"],
  ["PROMHTTP_PATH", "/-/healthy"],
  ["PROMHTTP_MAX_HEADER_BYTES", "1023"],
  ["PROMHTTP_MAX_HEADER_BYTES", "16777217"],
  ["PROMHTTP_MAX_HEADER_BYTES", "16k"],
  ["PROMHTTP_DEFAULT_METRICS", "no"],
  ["PROMHTTP_WORKERS", "aggregate"],
  ["PROMHTTP_THREAD", "2"],
  ["PROMHTTP_ALLOWED_NETWORKS", "localhost"],
  ["PROMHTTP_ALLOWED_NETWORKS", "10.0.0.0/8,"],
  ["PROMHTTP_WORKERS", "4"],
  ["OTEL_EXPORTER_PROMETHEUS_PORT", "x"],
  ["OTEL_EXPORTER_PROMETHEUS_PORT", "-1"],
  ["OTEL_EXPORTER_PROMETHEUS_PORT", "65536"],
];

for (const [name, value] of WRONG) {
  test(`readEnvironment() rejects ${name}=${value} and names the variable`, () => {
    assert.throws(
      () => readEnvironment({ [name]: value }),
      (error) => {
        assert.ok(error instanceof RangeError);
        const { message } = error;
        assert.ok(message.startsWith(`Environment variable ${name} must be `), message);
        assert.ok(message.endsWith(`, got "${value}"`), message);
        return true;
      },
    );
  });
}

for (const [value, reason] of [
  ["vsock://:9100", "Address must not be a vsock, which Node cannot open"],
  ["unix:@app", 'Path of a unix socket must not begin with "@" or contain NUL'],
]) {
  test(`readEnvironment() says why PROMHTTP_ADDRESS must not be ${value}`, () => {
    assert.throws(
      () => readEnvironment({ PROMHTTP_ADDRESS: value }),
      new RegExp(`^RangeError: Environment variable PROMHTTP_ADDRESS: ${reason}`),
    );
  });
}
