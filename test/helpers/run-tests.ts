import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How tests are run. */
export interface RunOptions {
  /** The Node that runs them, and whatever they start. @default this one */
  readonly node?: string;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs tests, each file in a process of its own, and shows what has failed.
 *
 * @param args Files and folders, from the root of the repository, and flags of Node.
 */
export async function runTests(
  args: readonly string[],
  { node = process.execPath, env = {} }: RunOptions = {},
): Promise<void> {
  // Without one of them it would run all.
  assert.ok(args.some((arg) => !arg.startsWith("-")));
  const child = spawn(node, ["tools/testing/run.mjs", ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.equal(code, 0, output);
  assert.match(output, /^[1-9]\d* passed/m);
}
