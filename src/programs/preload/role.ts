import { isTool } from "../main-script.ts";

/** The facts that decide whether a process or thread takes part. */
export interface ProcessFacts {
  /** Whether the processes and threads of an application are one target. */
  readonly hasWorkers: boolean;
  readonly isMainThread: boolean;
  readonly isClusterWorker: boolean;
  /** Whether it has a channel to its parent, as a cluster worker and the child of a `fork()` have. */
  readonly hasChannel: boolean;
  /** Who has left a mark in its environment; `undefined` without one. */
  readonly servedBy: Inviter | undefined;
  readonly pid: number;
  readonly parentPid: number;
  /** A hash of the package that its script belongs to; `""` if there is none. */
  readonly package: string;
  /** Whether a process with this id exists. */
  readonly isAlive: (pid: number) => boolean;
  /** The file that the process runs. */
  readonly script: string | undefined;
  /** The file of the package manager that started the process, if one has. */
  readonly packageManager: string | undefined;
  /** Whether the preload is on its own command line, and not only in `NODE_OPTIONS`. */
  readonly isExplicit: boolean;
  /** Whether the script is that of the program `promhttp`. */
  readonly isProgram: boolean;
}

/** A process above this one, or this one, that serves metrics or reports them. */
export interface Inviter {
  readonly pid: number;
  /** A hash of the package that its application belongs to; `""` if there is none. */
  readonly package: string;
  /** Whether it wants those that it starts to report, too. */
  readonly hasGroup: boolean;
}

/**
 * The reason why a process or thread must not serve metrics; `undefined` if it may.
 *
 * Forked children and worker threads inherit a preload, and with `NODE_OPTIONS` so does every Node.js
 * process below. The first application serves. Those that belong to it join it; the others do nothing.
 */
export function reasonNotToServe(facts: ProcessFacts): string | undefined {
  const { servedBy, pid, script } = facts;
  if (facts.isProgram) return "the program promhttp serves them itself";
  if (isInvited(facts)) return undefined;
  if (!facts.isMainThread) return "this is a worker thread";
  if (facts.isClusterWorker && !facts.hasWorkers) return "this is a cluster worker";
  // A process that starts its successor and exits leaves its id in the environment.
  if (servedBy !== undefined && servedBy.pid !== pid && facts.isAlive(servedBy.pid)) {
    return `process ${servedBy.pid} serves them`;
  }
  if (isToolProcess(facts)) {
    return `${script} is a tool; to serve its metrics, put --import promhttp/register on its command line`;
  }
  return undefined;
}

/**
 * Whether a process or thread belongs to an application that serves: as one of its threads, as a process
 * that has a channel to it, or as any other one of the same package. A pool's own script, which is in a
 * folder for packages, runs what the application has given to the pool.
 */
export function isInvited(facts: ProcessFacts): boolean {
  const { servedBy, pid, parentPid, script } = facts;
  if (!facts.hasWorkers || servedBy?.hasGroup !== true) return false;
  // The mark is of the nearest process above that takes part: a tool between the two leaves none.
  if (!facts.isMainThread) return script !== undefined && servedBy.pid === pid;
  if (facts.hasChannel && servedBy.pid === parentPid) return true;
  return servedBy.package !== "" && servedBy.package === facts.package && !isToolProcess(facts);
}

/** Whether a process runs a tool, and nobody has asked for the metrics of just this process. */
export function isToolProcess({ script, packageManager, isExplicit }: ProcessFacts): boolean {
  if (script === undefined || isExplicit) return false;
  // A package manager that runs another one names itself to it.
  return isTool(script) || script === packageManager;
}
