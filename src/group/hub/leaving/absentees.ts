/**
 * Workers that are not connected, but whose counters count on as they stand.
 *
 * Those that a former hub has left behind are here until they join, and those whose connection was cut off.
 * A worker whose process lives may return with all that it has counted, so it is never taken for gone, and its
 * slot stays its own. One whose process has ended is retired: its counters become part of what is retained.
 */
import type { Contribution, MergedFamilies } from "../../../gatherers/remote/merged-families.ts";
import type { Mirror } from "../../../gatherers/remote/mirror.ts";
import { isFormer, isRunning, parseWorkerId } from "../../worker-id.ts";
import type { Slots } from "../slots.ts";
import type { KeptWorker } from "./kept-worker.ts";

/** A worker that is not connected. */
export interface Absentee {
  /** Its id. */
  readonly worker: string;
  readonly slot: number;
  readonly mirror: Mirror;
  /** What the next hub will know of it. */
  readonly kept: KeptWorker;
}

/** Beyond that the first to have gone is retired. */
const MAX_ABSENTEES = 1_024;

/** The absent workers of one hub. */
export class Absentees {
  readonly #merged: Pick<MergedFamilies, "retire">;
  readonly #slots: Slots;
  readonly #absent = new Map<string, Absentee>();

  constructor(merged: Pick<MergedFamilies, "retire">, slots: Slots) {
    this.#merged = merged;
    this.#slots = slots;
  }

  get size(): number {
    return this.#absent.size;
  }

  /** Those whose counters count on. */
  list(): Iterable<Absentee> {
    return this.#absent.values();
  }

  /** What they contribute to what is merged. */
  *contributions(): Generator<Contribution, void, undefined> {
    for (const { worker, mirror, slot } of this.#absent.values()) {
      yield { mirror, slot, isCurrent: false, ...factsOf(worker) };
    }
  }

  /** Lets the counters of a worker count on. Its slot is taken as long as it is absent. */
  add(absentee: Absentee): void {
    // A ledger may say that two have the same one.
    const slot = this.#slots.take(absentee.worker, absentee.slot);
    this.#absent.set(absentee.worker, { ...absentee, slot });
    const [first] = this.#absent.values();
    if (first !== undefined && this.#absent.size > MAX_ABSENTEES) this.retire(first);
  }

  /** Finds one that is absent still. */
  find(worker: string): Absentee | undefined {
    return this.#absent.get(worker);
  }

  /** Takes a worker that has returned, which goes on with its mirror and its slot. */
  take(worker: string): Absentee | undefined {
    const absentee = this.#absent.get(worker);
    this.#absent.delete(worker);
    return absentee;
  }

  /**
   * Those whose process has ended.
   *
   * @param present The ids of workers whose processes run.
   */
  dead(present: readonly string[]): ReadonlySet<string> {
    const byPid = new Map(present.map((worker) => [factsOf(worker).pid, worker]));
    const hasEnded = (worker: string) => {
      const other = byPid.get(factsOf(worker).pid);
      return (other !== undefined && isFormer(worker, other)) || !isRunning(worker);
    };
    return new Set([...this.#absent.keys()].filter(hasEnded));
  }

  /** Makes the counters of one that cannot return part of what is retained. */
  retire({ worker, slot, mirror, kept }: Absentee): void {
    this.#absent.delete(worker);
    this.#slots.giveBack(slot);
    this.#merged.retire(mirror);
    kept.remove();
  }
}

/** What the id of a worker says of it. */
function factsOf(worker: string): { readonly pid: number; readonly isMainThread: boolean } {
  const { pid = 0, thread = 0 } = parseWorkerId(worker) ?? {};
  return { pid, isMainThread: thread === 0 };
}
