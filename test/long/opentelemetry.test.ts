import { test } from "node:test";
import { runLane } from "../opentelemetry/run-lane.ts";

test("the tests of OpenTelemetry pass with the first SDK 2", () => runLane("sdk-2.0"));
