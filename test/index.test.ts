import assert from "node:assert/strict";
import { test } from "node:test";
import * as promhttp from "../src/index.ts";
import { forkFixture } from "./helpers/processes/fork-fixture.ts";

const EXPORTS = [
  "ConfigError",
  "GatherError",
  "ListenError",
  "MetricsError",
  "ScrapeTimeoutError",
  "Server",
  "createHandler",
  "render",
];

test("the package exports its server, its handler and its errors", () => {
  assert.deepEqual(Object.keys(promhttp).sort(), EXPORTS);
});

test("the built package can be loaded with require(), without a warning", async () => {
  const child = forkFixture("require.cjs");
  assert.deepEqual(await child.exit(), {
    code: 0,
    signal: null,
    stdout: `exports ${EXPORTS.join(" ")}\nclosed\n`,
    stderr: "",
  });
});
