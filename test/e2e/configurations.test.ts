import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../examples/", import.meta.url));

test("Prometheus takes the example of its configuration", () => {
  execFileSync("promtool", ["check", "config", `${FOLDER}prometheus.yml`]);
});
