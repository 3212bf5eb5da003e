/**
 * The process that answers for all workers of a group, and is one of them itself.
 *
 * A scrape asks all workers at once, waits for them within bounds, and merges what they have said so far.
 * Who belongs to the group is decided when that is merged, not when they are asked: a worker that ends in
 * between would be counted twice, as itself and as part of what is retained. Merging, numbers that arrive and
 * workers that end therefore take turns. `worker.ts` keeps one question open at a time, `connection.ts`
 * brings the members, `absentees.ts` keeps the counters of those that are away.
 */
import { LightSignal, OVER } from "../../abort.ts";
import { type Contribution, MergedFamilies } from "../../gatherers/remote/merged-families.ts";
import { ProtocolError } from "../../gatherers/remote/protocol-error.ts";
import { Sender } from "../../gatherers/remote/sender.ts";
import type { Snapshot } from "../../gatherers/remote/snapshot.ts";
import type { Log } from "../../log.ts";
import type { GatherContext, GatherResult } from "../../model/gatherer.ts";
import { createListJoiner } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { ResolvedHandlerOptions } from "../../options/options.ts";
import type { WorkersSettings } from "../../options/workers.ts";
import { UnavailableError } from "../../scrape/failure.ts";
import type { SelfMetrics } from "../../scrape/self-metrics.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LocalWorker } from "../local-worker.ts";
import type { Want, WorkerFacts } from "../messages.ts";
import { hasWorked, inSlices, mayWork, Turns } from "../slices.ts";
import { Absentees, factsOf } from "./absentees.ts";
import { Asking, roundOf, waitFor } from "./asking.ts";
import { KeptWorker } from "./kept-worker.ts";
import { CANNOT_READ, type LeftNumbers } from "./left-numbers.ts";
import { Slots } from "./slots.ts";
import { Worker, type WorkerState } from "./worker.ts";
import { noEvents, statusFamily, type WorkerCensus, workerFamilies } from "./worker-metrics.ts";

/** What a hub is made of. */
export interface HubConfig {
  readonly local: LocalWorker;
  readonly facts: WorkerFacts;
  /** The slot that this process had as a member. */
  readonly slot: number | undefined;
  readonly settings: WorkersSettings;
  readonly options: Pick<ResolvedHandlerOptions, "statusName" | "selfMetrics">;
  /** What the scrapes of this process count. */
  readonly selfMetrics: SelfMetrics;
  readonly log: Log;
  /** What workers have left that are not connected any more. */
  readonly left: LeftNumbers;
  /** What the next hub will know of the workers. */
  readonly ledger: Pick<Ledger, "add" | "remove">;
  /** Called when all workers have been merged; nobody sees the sums before it has resolved. */
  readonly onMerged: () => Promise<void>;
}

const NONE: readonly MetricFamily[] = [];

/** All workers of a group, for the one that answers for them. */
export class Hub implements WorkerCensus {
  readonly workers: Set<Worker> = new Set();
  readonly events: Record<keyof WorkerCensus["events"], number> = noEvents();
  readonly absentees: Absentees;
  readonly merged: MergedFamilies;
  readonly turns: Turns = new Turns();
  incompatible = 0;
  #own: Worker | undefined;
  readonly #config: HubConfig;
  readonly #slots = new Slots();
  readonly #sender = new Sender();
  readonly #signal = new LightSignal();
  readonly #departures = new Set<Promise<void>>();
  readonly #asking: Asking;
  readonly #ownFamilies: readonly MetricFamily[];
  readonly #join = createListJoiner<MetricFamily>();

  constructor(config: HubConfig) {
    this.#config = config;
    const { settings, options } = config;
    this.#asking = new Asking(config, this);
    this.merged = new MergedFamilies(settings);
    this.absentees = new Absentees(this.merged, this.#slots);
    this.#ownFamilies = Object.freeze([
      ...(options.statusName === undefined
        ? NONE
        : [statusFamily(options.statusName, this, settings.label)]),
      ...(options.selfMetrics ? workerFamilies(this, settings.label) : NONE),
    ]);
  }

  /** Begins, when what a former hub has left is here: this process may be part of that. */
  begin(): void {
    const { facts, slot } = this.#config;
    this.#own = this.#add(facts, slot, (want) => void this.#answerOwn(want));
  }

  /** Whether it has what a former hub has left. */
  get hasBegun(): boolean {
    return this.#own !== undefined;
  }

  /** The worker that this process is. */
  get own(): Worker {
    if (this.#own === undefined) throw new Error("The hub has not begun");
    return this.#own;
  }

  /** Gathers from all workers; the rules of `Gatherer` hold. */
  async gather(context: GatherContext): Promise<GatherResult> {
    const states = await this.#asking.askAll(roundOf(context));
    // The last numbers of those that have just ended belong to this scrape.
    await Promise.all(this.#departures);
    await this.retireDead();
    const families = await this.turns.take(() =>
      inSlices(this.merged.merge(this.#contributions(states), context)),
    );
    await this.#config.onMerged();
    return { families: this.#join(families, this.#ownFamilies), errors: [] };
  }

  /**
   * Gathers from one worker; the rules of `Gatherer` hold.
   *
   * @throws {UnavailableError} If it is late or has failed.
   */
  async gatherFrom(worker: Worker, context: GatherContext): Promise<readonly MetricFamily[]> {
    const round = roundOf(context);
    const state = await waitFor(worker, round);
    round.isOver = true;
    if (state !== "up") throw new UnavailableError(`Worker ${worker.slot} ${state ?? "is late"}`);
    return this.turns.take(() => this.merged.familiesOf(worker.mirror));
  }

  /**
   * Adds a worker that has connected. One that returns goes on where it was, even if the end of its
   * connection before has not been seen.
   *
   * @param wanted The slot that it had with another hub.
   * @throws {ProtocolError} If it says that it is this process.
   */
  async join(
    facts: WorkerFacts,
    wanted: number | undefined,
    send: (want: Want) => void,
  ): Promise<Worker> {
    // The slots of those that are gone are free.
    await this.retireDead();
    return this.turns.take(() => {
      const former = this.find(facts.worker);
      if (former === this.own) throw new ProtocolError("A worker has the id of the hub");
      if (former !== undefined) this.#remove(former, false);
      return this.#add(facts, wanted, send);
    });
  }

  #add(facts: WorkerFacts, wanted: number | undefined, send: (want: Want) => void): Worker {
    const absentee = this.absentees.take(facts.worker);
    const slot = this.#slots.take(facts.worker, wanted);
    const mirror = absentee?.mirror ?? this.merged.createMirror();
    const name = { worker: facts.worker, slot };
    const kept = absentee?.kept ?? new KeptWorker(this.#config.ledger, name, mirror);
    if (absentee !== undefined) renew({ mirror, kept });
    const worker = new Worker({ facts, slot, mirror, kept }, send);
    worker.hasNumbers = absentee !== undefined;
    this.workers.add(worker);
    return worker;
  }

  /** Finds a worker by its slot, or by its id. */
  find(key: number | string): Worker | undefined {
    for (const worker of this.workers) {
      if (worker.slot === key || worker.facts.worker === key) return worker;
    }
    return undefined;
  }

  /** How many numbers all workers have. */
  get numberCount(): number {
    let count = 0;
    for (const { mirror } of this.workers) count += mirror.numberCount;
    return count;
  }

  /** Applies a piece of a worker's layout, when this process may work. */
  async applyLayout(worker: Mirrored, piece: unknown): Promise<void> {
    const pause = mayWork();
    if (pause !== undefined) await pause;
    await this.turns.take(() => applyLayout(worker, piece));
    hasWorked(performance.now());
  }

  /** Applies the numbers of a worker. */
  async applyNumbers(worker: Worker, numbers: Omit<Snapshot, "layout">): Promise<void> {
    await this.turns.take(() => {
      applyNumbers(worker, numbers);
      worker.hasNumbers = true;
    });
  }

  /** Begins the last numbers of a worker, which come with a layout of their own. */
  async beginLast(worker: Mirrored): Promise<void> {
    await this.turns.take(() => renew(worker));
  }

  /**
   * Removes a worker that has said farewell, with all that it has counted.
   *
   * @param confirm Called in the same turn: what it confirms, this hub answers for.
   */
  async release(worker: Worker, confirm: () => void): Promise<void> {
    await this.turns.take(() => {
      if (!this.workers.has(worker)) return;
      this.#remove(worker, true);
      this.#config.left.remove(worker.facts.worker);
      confirm();
    });
  }

  /**
   * Removes a worker whose connection has ended; its last numbers may lie in a file.
   *
   * @param hasEnded Whether it is known to be gone, although its process may live on.
   */
  async depart(worker: Worker, hasEnded: boolean): Promise<void> {
    const id = worker.facts.worker;
    worker.leave();
    const last = await this.#config.left.read(id);
    await this.turns.take(async () => {
      // It may have another connection already.
      if (!this.workers.has(worker)) return;
      const isLast = last !== undefined && (await this.#applyLast(id, worker, last));
      this.#remove(worker, hasEnded || isLast);
    });
    await this.retireDead();
  }

  /** Lets scrapes wait for the departure of a worker, which must not fail. */
  awaitDeparture(departure: Promise<void>): void {
    this.#departures.add(departure);
    void departure.then(() => this.#departures.delete(departure));
  }

  /** Retires the absent workers that cannot return: they have ended, or have left their last numbers. */
  async retireDead(): Promise<void> {
    const { absentees } = this;
    if (absentees.size === 0) return;
    // In this order: a worker leaves its numbers, and then it ends.
    const dead = absentees.dead();
    const withLast = this.#config.left.workers();
    for (const { worker } of [...absentees.list()]) {
      if (!dead.has(worker) && !withLast.has(worker)) continue;
      const last = withLast.has(worker) ? await this.#config.left.read(worker) : undefined;
      if (last === undefined && !dead.has(worker)) continue;
      await this.turns.take(async () => {
        const absentee = absentees.find(worker);
        if (absentee === undefined) return;
        if (last !== undefined) await this.#applyLast(worker, absentee, last);
        absentees.retire(absentee);
      });
    }
  }

  /** Retires a worker that was never connected, with the last numbers that it has left. */
  async retire(id: string, worker: Mirrored): Promise<void> {
    const last = await this.#config.left.read(id);
    await this.turns.take(async () => {
      if (last !== undefined) await this.#applyLast(id, worker, last);
      this.merged.retire(worker.mirror);
      worker.kept.remove();
    });
  }

  /** Retires this process with its last numbers, without a pause. */
  retireOwn({ layout, ...numbers }: Snapshot): void {
    const { own } = this;
    own.leave();
    if (!this.workers.delete(own)) return;
    own.mirror.renew();
    for (const piece of layout) own.mirror.applyLayout(piece);
    own.mirror.applyNumbers({ ...numbers, isPartial: true });
    this.merged.retire(own.mirror);
    own.kept.remove();
  }

  /** Ends what this process does for itself. */
  close(): void {
    this.#signal.abort(OVER);
    for (const worker of this.workers) worker.leave();
  }

  async #answerOwn({ n, ...question }: Want): Promise<void> {
    const { local, log } = this.#config;
    const answer = await local.answer(this.#sender, question, this.#signal);
    if (this.#signal.aborted || this.own.isGone) return;
    const { snapshot } = answer;
    try {
      if (snapshot !== undefined) {
        for (const piece of snapshot.layout) await this.applyLayout(this.own, piece);
        await this.applyNumbers(this.own, snapshot);
      }
      this.own.answered(answer);
    } catch (error) {
      log.error("Cannot read the metrics of this worker", error);
      this.own.answered({ isGiven: false, isFailing: false, errors: [] });
    }
  }

  /** @param isGone Whether it cannot return. */
  #remove(worker: Worker, isGone: boolean): void {
    const { facts, slot, mirror, kept } = worker;
    worker.leave();
    this.workers.delete(worker);
    this.events.left++;
    this.#asking.forget(worker);
    if (worker.hasNumbers && !isGone) {
      this.absentees.add({ worker: facts.worker, slot, mirror, kept });
      return;
    }
    this.merged.retire(mirror);
    kept.remove();
    this.#slots.giveBack(slot);
  }

  /** Applies last numbers, in a turn of the caller; returns whether they could be. */
  async #applyLast(
    id: string,
    worker: Mirrored,
    { layout, ...numbers }: Snapshot,
  ): Promise<boolean> {
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
      this.#config.left.remove(id);
      return true;
    } catch (error) {
      this.#config.log.error(CANNOT_READ, error);
      return false;
    }
  }

  #contributions(states: ReadonlyMap<Worker, WorkerState>): readonly Contribution[] {
    const contributions: Contribution[] = [];
    for (const worker of this.workers) {
      if (!worker.hasNumbers) continue;
      const { mirror, slot, facts } = worker;
      const isCurrent = states.get(worker) === "up";
      contributions.push({
        ...{ mirror, slot, isCurrent },
        pid: facts.pid,
        isMainThread: facts.thread === 0,
      });
    }
    for (const { worker, mirror, slot } of this.absentees.list()) {
      contributions.push({ mirror, slot, isCurrent: false, ...factsOf(worker) });
    }
    return contributions.sort((a, b) => a.slot - b.slot);
  }
}

/** What is known of the metrics of a worker. */
type Mirrored = Pick<Worker, "mirror" | "kept">;

function renew({ mirror, kept }: Mirrored): void {
  kept.renew();
  mirror.renew();
}

function applyLayout({ mirror, kept }: Mirrored, piece: unknown): void {
  mirror.applyLayout(piece);
  kept.addLayout(piece);
}

function applyNumbers({ mirror, kept }: Mirrored, numbers: Omit<Snapshot, "layout">): void {
  mirror.applyNumbers(numbers);
  kept.settle();
}
