import type { Snapshot } from "../../../gatherers/remote/snapshot.ts";
import type { Log } from "../../../log.ts";
import {
  type LastNumbersPlace,
  readLastNumbers,
  removeLastNumbers,
  workersWithLastNumbers,
} from "../../ledger/last-numbers.ts";

/**
 * The last numbers that workers have left in files, for the hub of now.
 *
 * They count once: whoever applies them removes them in the same turn, before anything is written that has
 * them. A hub that was killed before that has changed nothing; one whose time is over leaves them to the next.
 */
export class LeftNumbers {
  readonly #place: LastNumbersPlace;
  readonly #log: Pick<Log, "error">;
  readonly #isHub: () => boolean;

  /** @param isHub Whether this process still answers for all. */
  constructor(place: LastNumbersPlace, log: Pick<Log, "error">, isHub: () => boolean) {
    this.#place = place;
    this.#log = log;
    this.#isHub = isHub;
  }

  /** The workers that have left any, and so will not return. It never throws. */
  workers(): ReadonlySet<string> {
    try {
      return new Set(workersWithLastNumbers(this.#place));
    } catch (error) {
      this.#log.error(CANNOT_READ, error);
      return new Set();
    }
  }

  /** Reads those of a worker; `undefined` if there are none. It never rejects. */
  async read(worker: string): Promise<Snapshot | undefined> {
    try {
      return this.#isHub() ? await readLastNumbers(this.#place, worker) : undefined;
    } catch (error) {
      this.#log.error(CANNOT_READ, error);
      return undefined;
    }
  }

  /** Removes those of a worker. Must be called in the turn in which they have become part of a sum. */
  remove(worker: string): void {
    if (this.#isHub()) removeLastNumbers(this.#place, worker);
  }
}

/** The log line where last numbers are not what they should be. */
export const CANNOT_READ: string = "Cannot read the last numbers of a worker";
