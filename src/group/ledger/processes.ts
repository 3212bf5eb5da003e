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

/**
 * Whether the process of any worker runs.
 *
 * @param endingPid One that is about to end.
 */
export function isAnyRunning(workers: readonly string[], endingPid?: number): boolean {
  return workers.some((worker) => isRunning(worker) && parseWorkerId(worker)?.pid !== endingPid);
}

/** What takes back the removal of each ledger. */
const removals = new Map<string, () => void>();

/**
 * Lets the files of a group be removed when this process ends: it has left, and was the last of them. It may
 * take part again until then.
 *
 * @param ledger The path of one of them, which no other group has.
 */
export function removeAtExit(ledger: string, remove: () => void): void {
  keepAtExit(ledger);
  removals.set(ledger, onExit(remove));
}

/** Takes that back. */
export function keepAtExit(ledger: string): void {
  removals.get(ledger)?.();
  removals.delete(ledger);
}
