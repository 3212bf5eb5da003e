import { createRequire } from "node:module";
import { isAbsolute } from "node:path";

/** The facts that decide whether a process serves metrics. */
export interface ProcessFacts {
  readonly isMainThread: boolean;
  readonly isClusterWorker: boolean;
  /** The id of the process that already serves, from `PROMHTTP_SERVED_BY`. */
  readonly servedBy: string | undefined;
  readonly pid: number;
  /** Whether a process with this id exists. */
  readonly isAlive: (pid: number) => boolean;
  /** The file that the process runs. */
  readonly script: string | undefined;
  /** Whether the preload is on its own command line, and not only in `NODE_OPTIONS`. */
  readonly isExplicit: boolean;
}

/**
 * The reason why a process must not serve metrics; `undefined` if it may.
 *
 * Forked children and worker threads inherit a preload, and with `NODE_OPTIONS` so does every Node.js
 * process below. Only one of them serves: the first application.
 */
export function reasonNotToServe(facts: ProcessFacts): string | undefined {
  const { servedBy, pid, script } = facts;
  if (!facts.isMainThread) return "this is a worker thread";
  if (facts.isClusterWorker) return "this is a cluster worker";
  const server = Number(servedBy);
  // A process that starts its successor and exits leaves its id in the environment.
  if (server > 0 && server !== pid && facts.isAlive(server)) return `process ${server} serves them`;
  if (script !== undefined && isTool(script) && !facts.isExplicit) {
    return `${script} is a tool; to serve its metrics, put --import promhttp/register on its command line`;
  }
  return undefined;
}

/**
 * The file that this process runs, as Node resolves it: with its extension, a folder's main file, and
 * without symbolic links. `undefined` if it runs none, as with `--eval`.
 *
 * @param script The value of `process.argv[1]`.
 */
export function mainScript(script: string | undefined): string | undefined {
  if (script === undefined || !isAbsolute(script)) return undefined;
  try {
    return createRequire(script).resolve(script);
  } catch {
    return undefined;
  }
}

/**
 * Whether a script is a tool that runs others, such as npm, tsx or nodemon. A tool is in a folder for
 * packages, or has the name of a package manager.
 */
export function isTool(script: string): boolean {
  return /[\\/](?:node_modules|\.yarn|corepack)[\\/]|[\\/](?:yarn|pnpm)\.c?js$/.test(script);
}
