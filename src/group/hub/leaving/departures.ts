/**
 * How workers go: what they have counted becomes part of what is retained, to the last number, and once.
 *
 * A worker says farewell, and gets an answer when its numbers are here; or it leaves them in a file, because it
 * exits or nobody answers; or it dies, and counts as it was last seen. Whichever it is, its numbers are applied
 * and it is retired in one turn, and the ledger remembers it: only when that is written is its farewell
 * answered, or its file removed. One that may return is not retired (`absentees.ts`).
 */
import type { MergedFamilies } from "../../../gatherers/remote/merged-families.ts";
import type { Snapshot } from "../../../gatherers/remote/snapshot.ts";
import type { Log } from "../../../log.ts";
import { hasWorked, mayWork, type Turns } from "../../../scrape/slices.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { Slots } from "../slots.ts";
import type { Worker } from "../worker.ts";
import type { Absentees } from "./absentees.ts";
import { applyLayout, applyNumbers, KeptWorker, type Mirrored, renew } from "./kept-worker.ts";
import { CANNOT_READ, type LeftNumbers } from "./left-numbers.ts";

/** What departures change. */
export interface DeparturesContext {
  /** Those that are connected, and this process. */
  readonly workers: Set<Worker>;
  readonly absentees: Absentees;
  readonly slots: Slots;
  readonly merged: MergedFamilies;
  readonly turns: Turns;
  readonly left: LeftNumbers;
  readonly ledger: Pick<Ledger, "add" | "remove">;
  readonly log: Pick<Log, "error">;
  /** Called for each worker that is not connected any more. */
  readonly onGone: (worker: Worker) => void;
}

/** The departures of the workers of one hub. */
export class Departures {
  readonly #context: DeparturesContext;
  readonly #running = new Set<Promise<void>>();

  constructor(context: DeparturesContext) {
    this.#context = context;
  }

  /** Lets scrapes wait for a departure, which must not fail: its last numbers belong to them. */
  begin(departure: Promise<void>): void {
    this.#running.add(departure);
    void departure.then(() => this.#running.delete(departure));
  }

  /** Resolves when all that have begun are over, and whatever workers have left is retired. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    await this.retireDead();
    await this.retireUnknown();
  }

  /** Removes a worker that has said farewell, with all that it has counted. */
  async release(worker: Worker): Promise<void> {
    const { turns, workers, left } = this.#context;
    await turns.take(() => {
      if (!workers.has(worker)) return;
      this.remove(worker, true);
      left.remove(worker.facts.worker);
    });
  }

  /**
   * Removes a worker whose connection has ended; its last numbers may lie in a file.
   *
   * @param hasEnded Whether it is known to be gone, although its process may live on.
   */
  async depart(worker: Worker, hasEnded: boolean): Promise<void> {
    const { turns, workers, left } = this.#context;
    const id = worker.facts.worker;
    worker.leave();
    const last = await left.read(id);
    await turns.take(async () => {
      // It may have another connection already.
      if (!workers.has(worker)) return;
      const isLast = last !== undefined && (await this.#applyLast(id, worker, last));
      this.remove(worker, hasEnded || isLast);
    });
    await this.retireDead();
  }

  /**
   * Removes a worker, in a turn of the caller.
   *
   * @param isGone Whether it cannot return.
   */
  remove(worker: Worker, isGone: boolean): void {
    const { workers, absentees, merged, slots, onGone } = this.#context;
    const { facts, slot, mirror, kept } = worker;
    worker.leave();
    workers.delete(worker);
    onGone(worker);
    if (worker.hasNumbers && !isGone) {
      absentees.add({ worker: facts.worker, slot, mirror, kept });
      return;
    }
    merged.retire(mirror);
    kept.remove();
    slots.giveBack(slot);
  }

  /** Retires the absent workers that cannot return: they have ended, or have left their last numbers. */
  async retireDead(): Promise<void> {
    const { workers, absentees, left, turns } = this.#context;
    if (absentees.size === 0) return;
    // In this order: a worker leaves its numbers, and then it ends.
    const dead = absentees.dead(Array.from(workers, ({ facts }) => facts.worker));
    const withLast = left.workers();
    for (const { worker } of [...absentees.list()]) {
      const last = withLast.has(worker) ? await left.read(worker) : undefined;
      if (last === undefined && !dead.has(worker)) continue;
      await turns.take(async () => {
        const absentee = absentees.find(worker);
        if (absentee === undefined) return;
        if (last !== undefined) await this.#applyLast(worker, absentee, last);
        absentees.retire(absentee);
      });
    }
  }

  /** Retires the workers that were never connected, with the last numbers that they have left. */
  async retireUnknown(): Promise<void> {
    const { left, turns, merged, ledger } = this.#context;
    for (const id of left.workers()) {
      if (this.#isKnown(id)) continue;
      const last = await left.read(id);
      if (last === undefined) continue;
      await turns.take(async () => {
        // It may have connected before it left, or another scrape has counted it.
        if (this.#isKnown(id) || !left.workers().has(id)) return;
        const mirror = merged.createMirror();
        const kept = new KeptWorker(ledger, { worker: id, slot: 0 }, mirror);
        await this.#applyLast(id, { mirror, kept }, last);
        merged.retire(mirror);
        kept.remove();
      });
    }
  }

  #isKnown(id: string): boolean {
    const { workers, absentees } = this.#context;
    return (
      [...workers].some(({ facts }) => facts.worker === id) || absentees.find(id) !== undefined
    );
  }

  /** Retires this process with its last numbers, without a pause. */
  retireNow(own: Worker, { layout, ...numbers }: Snapshot): void {
    const { workers, merged } = this.#context;
    own.leave();
    if (!workers.delete(own)) return;
    own.mirror.renew();
    for (const piece of layout) own.mirror.applyLayout(piece);
    own.mirror.applyNumbers({ ...numbers, isPartial: true });
    merged.retire(own.mirror);
    own.kept.remove();
  }

  /** Applies last numbers, in a turn of the caller; returns whether they could be. */
  async #applyLast(
    id: string,
    worker: Mirrored,
    { layout, ...numbers }: Snapshot,
  ): Promise<boolean> {
    const { left, log } = this.#context;
    try {
      renew(worker);
      for (const piece of layout) {
        const pause = mayWork();
        if (pause !== undefined) await pause;
        applyLayout(worker, piece);
        hasWorked(performance.now());
      }
      // What is not among them stays as it was.
      applyNumbers(worker, { ...numbers, isPartial: true });
      left.remove(id);
      return true;
    } catch (error) {
      log.error(CANNOT_READ, error);
      left.remove(id);
      return false;
    }
  }
}
