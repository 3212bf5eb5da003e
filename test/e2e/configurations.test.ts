import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const EXAMPLE = fileURLToPath(new URL("../../examples/prometheus.yml", import.meta.url));

test("Prometheus takes the example of its configuration", () => {
  execFileSync("promtool", ["check", "config", EXAMPLE]);
});
