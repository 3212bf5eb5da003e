import { spawn, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { type Fixture, watch } from "../helpers/processes/fork-fixture.ts";

// No Docker runs here. What matters to a process in a container is its namespace: there it is number 1.

/** What makes a namespace of processes, and starts the first of them. */
const UNSHARE = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const isRoot = process.getuid?.() === 0;
export const FLAGS: readonly string[] = isRoot
  ? UNSHARE
  : ["--user", "--map-root-user", ...UNSHARE];
export const canUnshare: boolean = spawnSync("unshare", [...FLAGS, "true"]).status === 0;
/** Why tests that run a container are skipped, if they are. */
export const skip: string | false = canUnshare
  ? false
  : "This system makes no namespaces of processes";

/** The first process of a namespace. */
export interface Container extends Fixture {
  /** Sends a signal as `docker stop` does: from outside, to the first process. */
  stop(): Promise<void>;
  /** The path of a file in it, as it is outside. */
  outside(path: string): Promise<string>;
}

/** Runs a command as the first process of a namespace. */
export function runContainer(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Container {
  const stdio = ["pipe", "pipe", "pipe"] as const;
  const child = spawn("unshare", [...FLAGS, ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: [...stdio],
  });
  const first = async () =>
    Number(await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8"));
  return {
    ...watch(child),
    stop: async () => void process.kill(await first(), "SIGTERM"),
    outside: async (path) => `/proc/${await first()}/root${path}`,
  };
}
