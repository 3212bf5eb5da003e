/**
 * The process that answers for all workers of a group. It is one of them itself, unless it has no metrics.
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
import type { Sender } from "../../gatherers/remote/sender.ts";
import type { Snapshot } from "../../gatherers/remote/snapshot.ts";
import type { Log } from "../../log.ts";
import type { GatherContext, GatherResult } from "../../model/gatherer.ts";
import { createListJoiner } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { ResolvedHandlerOptions } from "../../options/options.ts";
import type { WorkersSettings } from "../../options/workers.ts";
import { UnavailableError } from "../../scrape/failure.ts";
import type { SelfMetrics } from "../../scrape/self-metrics.ts";
import { hasWorked, inSlices, mayWork, Turns } from "../../scrape/slicing/slices.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { CANNOT_ANSWER, type LocalWorker } from "../local/local-worker.ts";
import type { Want, WorkerFacts } from "../messages.ts";
import { atMost } from "../waiting.ts";
import { Asking, roundOf, waitFor } from "./asking.ts";
import { FirstWorker } from "./first-worker.ts";
import { Absentees } from "./leaving/absentees.ts";
import { Departures } from "./leaving/departures.ts";
import {
  applyLayout,
  applyNumbers,
  KeptWorker,
  type Mirrored,
  renew,
} from "./leaving/kept-worker.ts";
import type { LeftNumbers } from "./leaving/left-numbers.ts";
import { Slots } from "./slots.ts";
import { Worker, type WorkerState } from "./worker.ts";
import { noEvents, statusFamily, type WorkerCensus, workerFamilies } from "./worker-metrics.ts";

/** What a hub is made of. */
export interface HubConfig {
  /** The worker that this process is; `undefined` where it only answers for others. */
  readonly local: LocalWorker | undefined;
  /** As in `GroupConfig`. */
  readonly isStuck: (() => boolean) | undefined;
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
  readonly onMerged: (deadlineMs: number) => Promise<void>;
}

const NONE: readonly MetricFamily[] = [];

/** All workers of a group, for the one that answers for them. */
export class Hub implements WorkerCensus {
  readonly workers: Set<Worker> = new Set();
  readonly events: Record<keyof WorkerCensus["events"], number> = noEvents();
  readonly absentees: Absentees;
  readonly merged: MergedFamilies;
  readonly turns: Turns = new Turns();
  readonly departures: Departures;
  incompatible = 0;
  /** The worker that this process is; `undefined` before `begin()`, and where it only answers for others. */
  own: Worker | undefined;
  /** Whether `begin()` has been called. */
  hasBegun = false;
  /** How many members are connected that only answer for others, when this process does not any more. */
  standbys = 0;
  readonly #config: HubConfig;
  readonly #slots = new Slots();
  readonly #signal = new LightSignal();
  readonly #first = new FirstWorker();
  readonly #asking: Asking;
  readonly #ownFamilies: readonly MetricFamily[];
  readonly #join = createListJoiner<MetricFamily>();

  constructor(config: HubConfig) {
    this.#config = config;
    const { settings, options } = config;
    this.#asking = new Asking(config, this);
    this.merged = new MergedFamilies(settings);
    this.absentees = new Absentees(this.merged, this.#slots);
    this.departures = new Departures({
      ...{ workers: this.workers, absentees: this.absentees, slots: this.#slots },
      ...{ merged: this.merged, turns: this.turns, left: config.left, log: config.log },
      ledger: config.ledger,
      onGone: (worker) => {
        this.events.left++;
        this.#asking.forget(worker);
      },
    });
    this.#ownFamilies = Object.freeze([
      ...(options.statusName === undefined
        ? NONE
        : [statusFamily(options.statusName, this, settings.label)]),
      ...(options.selfMetrics ? workerFamilies(this, settings.label) : NONE),
    ]);
  }

  /** Adds this process as a worker. Must follow what a former hub has left, which may name this process. */
  begin(): void {
    const { local, facts, slot } = this.#config;
    this.hasBegun = true;
    this.#first.begin();
    if (local === undefined) return;
    const sender = local.createSender();
    const own = this.#add(facts, slot, (want) => void this.#answerOwn(own, local, sender, want));
    this.own = own;
  }

  /** Who this process is. */
  get facts(): WorkerFacts {
    return this.#config.facts;
  }

  /** Gathers from all workers; the rules of `Gatherer` hold. */
  async gather(context: GatherContext): Promise<GatherResult> {
    if (this.#config.local === undefined && this.workers.size === 0) {
      await this.#first.wait(roundOf(context).limitMs);
      const isEmpty = this.workers.size + this.absentees.size === 0;
      if (isEmpty) throw new UnavailableError("No worker has joined yet");
    }
    const states = await this.#asking.askAll(roundOf(context));
    // The last numbers of those that have just ended belong to this scrape. Where many end, it has no time
    // for all: these count as they were last seen.
    await atMost(this.departures.settle(), (context.deadlineMs - Date.now()) / 2);
    const families = await this.turns.take(() =>
      inSlices(this.merged.merge(this.#contributions(states), context)),
    );
    await this.#config.onMerged(context.deadlineMs);
    return { families: this.#join(families, this.#ownFamilies), errors: [] };
  }

  /**
   * Merges what is here. No sum is smaller by rounding after that: what rounding takes is retained. Yields where
   * it may pause.
   */
  *mergeSilently(): Generator<undefined, void, undefined> {
    yield* this.merged.merge(this.#contributions(new Map()), {
      isRequested: () => true,
      report: () => {},
    });
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
    await this.departures.retireDead();
    return this.turns.take(() => {
      const former = this.find(facts.worker);
      if (former !== undefined) {
        if (former === this.own) throw new ProtocolError("A worker has the id of the hub");
        this.departures.remove(former, false);
      }
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
    const { isStuck } = this.#config;
    if (isStuck !== undefined && this.isHost(worker)) worker.isStuck = isStuck;
    worker.hasNumbers = absentee !== undefined;
    this.workers.add(worker);
    this.#first.join();
    return worker;
  }

  /** Whether a worker is this process: its application, where this is a thread that only answers for others. */
  isHost(worker: Worker): boolean {
    const { settings, facts } = this.#config;
    const { thread } = settings.application ?? {};
    if (thread === undefined) return worker === this.own;
    return worker.facts.pid === facts.pid && worker.facts.thread === thread;
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
    await this.turns.take(() => {
      applyLayout(worker, piece);
      if (worker.mirror.isFlooded) throw new ProtocolError("A layout goes on without end");
    });
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

  /** Ends this process as a worker, and all waiting for the others. */
  close(): void {
    this.#signal.abort(OVER);
    for (const worker of this.workers) worker.leave();
  }

  async #answerOwn(
    own: Worker,
    local: LocalWorker,
    sender: Sender,
    { n, ...question }: Want,
  ): Promise<void> {
    const answer = await local.answer(sender, question, this.#signal);
    if (this.#signal.aborted || own.isGone) return;
    const { snapshot } = answer;
    try {
      if (snapshot !== undefined) {
        for (const piece of snapshot.layout) await this.applyLayout(own, piece);
        await this.applyNumbers(own, snapshot);
      }
      own.answered(answer);
    } catch (error) {
      this.#config.log.error(CANNOT_ANSWER, error);
      own.answered({ isGiven: false, isLate: false, isFailing: false, errors: [] });
    }
  }

  #contributions(states: ReadonlyMap<Worker, WorkerState>): readonly Contribution[] {
    const present = [...this.workers].filter(({ hasNumbers }) => hasNumbers);
    return [
      ...present.map((worker) => worker.contribution(states.get(worker) === "up")),
      ...this.absentees.contributions(),
    ];
  }
}
