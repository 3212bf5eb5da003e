import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { SdkName } from "./sdk.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Runs all tests of this lane with another SDK, and shows what has failed.
 *
 * @param node The Node that runs them, and whatever they start.
 */
export async function runLane(sdk: SdkName, node: string = process.execPath): Promise<void> {
  const child = spawn(
    node,
    ["tools/testing/run.mjs", "--test-concurrency=1", "test/opentelemetry"],
    {
      cwd: ROOT,
      env: { ...process.env, PROMHTTP_TEST_SDK: sdk },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.equal(code, 0, output);
  assert.match(output, /^[1-9]\d* passed/m);
}
