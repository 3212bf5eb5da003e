/** What the two threads read of their process. */
import { hrtime, nodeModule } from "../../node.ts";
import type { ThreadStart } from "./messages.ts";

/** Nanoseconds by a clock that all threads of a process share. That of the system may be set meanwhile. */
export function sharedNanoseconds(): bigint {
  return hrtime.bigint();
}

/** The same in milliseconds. */
export function sharedNow(): number {
  return Number(sharedNanoseconds()) / 1e6;
}

/**
 * The variables of a thread that runs no code but ours: what the process preloads, such as an agent, does not
 * belong in there.
 */
export function threadVariables(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...others } = process.env;
  return others;
}

/** What this thread was started with. */
export function readStart(): ThreadStart {
  return nodeModule("node:worker_threads").workerData;
}

/** How long the process has been running, in seconds. */
export function uptimeSeconds(): number {
  return process.uptime();
}
