import { runTests } from "../helpers/run-tests.ts";
import type { SdkName } from "./sdk.ts";

/**
 * Runs all tests of this lane with another SDK, and shows what has failed.
 *
 * @param node The Node that runs them, and whatever they start.
 */
export function runLane(sdk: SdkName, node: string = process.execPath): Promise<void> {
  const args = ["--test-concurrency=1", "test/opentelemetry"];
  return runTests(args, { node, env: { PROMHTTP_TEST_SDK: sdk } });
}
