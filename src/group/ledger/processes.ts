import { onExit } from "../environment.ts";
import { isRunning, parseWorkerId } from "../worker-id.ts";

/**
 * The processes that have been part of a group. As long as any of them runs, the group goes on: one that has
 * left it may take part again, and expects that what it had counted is retained.
 */
export class Processes {
  /** A worker of each. */
  readonly #workers = new Map<string, string>();

  /** Adds that of a worker. */
  add(worker: string): void {
    const { pid, start } = parseWorkerId(worker) ?? {};
    if (pid !== undefined) this.#workers.set(`${pid}-${start}`, worker);
  }

  /** Lists a worker of each that runs, and forgets the others. */
  running(): readonly string[] {
    for (const [process, worker] of this.#workers) {
      if (!isRunning(worker)) this.#workers.delete(process);
    }
    return [...this.#workers.values()];
  }
}

/** Whether any worker's process runs, and goes on to when this one has ended. */
export function isAnyRunning(workers: readonly string[], endingPid: number | undefined): boolean {
  return workers.some((worker) => isRunning(worker) && parseWorkerId(worker)?.pid !== endingPid);
}

/** What takes back the removal of each ledger. */
const removals = new Map<string, () => void>();

/**
 * Lets the files of a group be removed when this process ends: it has left, and was the last of them. It may
 * take part again until then.
 *
 * @param prefix What tells the files of the group from those of others.
 */
export function removeAtExit(prefix: string, remove: () => void): void {
  keepAtExit(prefix);
  removals.set(prefix, onExit(remove));
}

/** Takes that back. */
export function keepAtExit(prefix: string): void {
  removals.get(prefix)?.();
  removals.delete(prefix);
}
