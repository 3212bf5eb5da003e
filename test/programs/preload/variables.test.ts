import assert from "node:assert/strict";
import { test } from "node:test";
import { readEnvironment } from "../../../src/programs/preload/environment.ts";
import {
  addressLabel,
  applicationEnvironment,
  type Environment,
  hasWorkers,
} from "../../../src/programs/preload/variables.ts";
import { describeAddress } from "../../../src/server/address.ts";

const OFF = ["0", "false"];
const ON = [undefined, "", "1", "true", "label", "invalid"];

for (const value of [...OFF, ...ON]) {
  test(`hasWorkers() is ${ON.includes(value)} for PROMHTTP_WORKERS=${value}`, () => {
    assert.equal(hasWorkers({ PROMHTTP_WORKERS: value }), ON.includes(value));
  });
}

const ADDRESSES: readonly Environment[] = [
  {},
  { PROMHTTP_ADDRESS: "9100" },
  { PROMHTTP_ADDRESS: "[::1]:9100" },
  { PROMHTTP_ADDRESS: "unix:/run/app.sock" },
  { OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0" },
  { OTEL_EXPORTER_PROMETHEUS_PORT: "9100" },
];

for (const env of ADDRESSES) {
  test(`addressLabel() describes ${JSON.stringify(env)} as the server does`, () => {
    assert.equal(addressLabel(env), describeAddress(readEnvironment(env).address));
  });
}

test("applicationEnvironment() adds the variables that pm2 sets later", () => {
  const pm2 = { name: "shop", pm_id: 2, PROMHTTP_ADDRESS: ":9100", env: { A: "1" }, none: null };
  const env = { PROMHTTP_ADDRESS: ":9464", HOME: "/root", pm2_env: JSON.stringify(pm2) };
  assert.deepEqual(applicationEnvironment(env), {
    ...env,
    name: "shop",
    pm_id: "2",
    PROMHTTP_ADDRESS: ":9100",
  });
});

for (const text of ["", "{", "null", '"text"', "[1]"]) {
  test(`applicationEnvironment() survives pm2_env=${text}`, () => {
    assert.equal(applicationEnvironment({ HOME: "/root", pm2_env: text })["HOME"], "/root");
  });
}
