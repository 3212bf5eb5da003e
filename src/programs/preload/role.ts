import { isTool } from "./main-script.ts";

/** What decides whether a process serves metrics. */
export interface ProcessFacts {
  readonly isMainThread: boolean;
  readonly isClusterWorker: boolean;
  /** The id of the process that serves already, from `PROMHTTP_SERVED_BY`. */
  readonly servedBy: string | undefined;
  readonly pid: number;
  /** Tells whether a process is there. */
  readonly isAlive: (pid: number) => boolean;
  /** The file that it runs. */
  readonly script: string | undefined;
  /** Whether the preload stands on its own command line, and not in `NODE_OPTIONS` alone. */
  readonly isExplicit: boolean;
}

/**
 * Tells why a process must not serve metrics; `undefined` when it may.
 *
 * A preload is inherited: through `NODE_OPTIONS` by every Node.js process that is started below, by
 * forked children and worker threads in any case. One of them all serves: the first application.
 */
export function reasonNotToServe(facts: ProcessFacts): string | undefined {
  const { servedBy, pid, script } = facts;
  if (!facts.isMainThread) return "this is a worker thread";
  if (facts.isClusterWorker) return "this is a cluster worker";
  const server = Number(servedBy);
  // A process that replaces itself, or starts its successor and ends, leaves its mark behind.
  if (server > 0 && server !== pid && facts.isAlive(server)) return `process ${server} does`;
  if (script !== undefined && isTool(script) && !facts.isExplicit) {
    return `${script} is a tool; to serve it, put --import promhttp/register on its command line`;
  }
  return undefined;
}
