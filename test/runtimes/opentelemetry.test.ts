import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runLane } from "../opentelemetry/run-lane.ts";

const NODE_22 = fileURLToPath(new URL("node_modules/node-22/bin/node", import.meta.url));

test("the tests of OpenTelemetry pass with SDK 3, which needs Node 22", () =>
  runLane("sdk-3", NODE_22));
