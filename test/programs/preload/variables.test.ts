import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressText,
  applicationEnvironment,
  type Environment,
  hasWorkers,
} from "../../../src/programs/preload/variables.ts";

const OFF = ["0", "false"];
const ON = [undefined, "", "1", "true", "label", "invalid"];

for (const value of [...OFF, ...ON]) {
  test(`hasWorkers() is ${ON.includes(value)} for PROMHTTP_WORKERS=${value}`, () => {
    assert.equal(hasWorkers({ PROMHTTP_WORKERS: value }), ON.includes(value));
  });
}

const ADDRESSES: readonly (readonly [env: Environment, text: string])[] = [
  [{}, ":9464"],
  [{ PROMHTTP_ADDRESS: "" }, ":9464"],
  [{ PROMHTTP_ADDRESS: "9100" }, ":9100"],
  [{ PROMHTTP_ADDRESS: "127.0.0.1:09100" }, "127.0.0.1:9100"],
  [{ PROMHTTP_ADDRESS: "unix:/run/app.sock" }, "unix:/run/app.sock"],
  [{ OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0" }, "0.0.0.0:9464"],
  [{ OTEL_EXPORTER_PROMETHEUS_PORT: "9100" }, "localhost:9100"],
  [{ PROMHTTP_ADDRESS: "nowhere" }, ""],
  [{ OTEL_EXPORTER_PROMETHEUS_PORT: "x" }, ""],
];

for (const [env, text] of ADDRESSES) {
  test(`addressText() of ${JSON.stringify(env)} is "${text}"`, () => {
    assert.equal(addressText(env), text);
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
