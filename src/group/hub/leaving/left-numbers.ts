import type { Snapshot } from "../../../gatherers/remote/snapshot.ts";
import type { Log } from "../../../log.ts";
import {
  type LastNumbersPlace,
  readLastNumbers,
  workersWithLastNumbers,
} from "../../ledger/last-numbers.ts";
import type { Ledger } from "../../ledger/ledger.ts";

/**
 * The last numbers that workers have left in files, for the hub of now.
 *
 * They count once: whoever applies them says so to the ledger in the same turn, which removes a file when it
 * has its numbers itself. A hub that was killed before that has changed nothing; one whose time is over leaves
 * them to the next.
 */
export class LeftNumbers {
  readonly #place: LastNumbersPlace;
  readonly #log: Pick<Log, "error">;
  readonly #ledger: Pick<Ledger, "leave" | "hasLeft">;
  readonly #isHub: () => boolean;

  /** @param isHub Whether this process still answers for all. */
  constructor(
    place: LastNumbersPlace,
    log: Pick<Log, "error">,
    ledger: Pick<Ledger, "leave" | "hasLeft">,
    isHub: () => boolean,
  ) {
    this.#place = place;
    this.#log = log;
    this.#ledger = ledger;
    this.#isHub = isHub;
  }

  /** The workers that have left any that do not count yet. They will not return. It never throws. */
  workers(): ReadonlySet<string> {
    try {
      const workers = workersWithLastNumbers(this.#place);
      return new Set(workers.filter((worker) => !this.#isCounted(worker)));
    } catch (error) {
      this.#log.error(CANNOT_READ, error);
      return new Set();
    }
  }

  /** Reads those of a worker; `undefined` if there are none. It never rejects. */
  async read(worker: string): Promise<Snapshot | undefined> {
    try {
      if (!this.#isHub() || this.#ledger.hasLeft(worker)) return undefined;
      return await readLastNumbers(this.#place, worker);
    } catch (error) {
      this.#log.error(CANNOT_READ, error);
      this.remove(worker);
      return undefined;
    }
  }

  /** Lets those of a worker be removed. Must be called in the turn in which they have become part of a sum. */
  remove(worker: string): void {
    if (this.#isHub()) this.#ledger.leave(worker);
  }

  #isCounted(worker: string): boolean {
    const isCounted = this.#ledger.hasLeft(worker);
    // It was written after its numbers had arrived.
    if (isCounted) this.remove(worker);
    return isCounted;
  }
}

/** The log line where last numbers are not what they should be. */
export const CANNOT_READ: string = "Cannot read the last numbers of a worker";
