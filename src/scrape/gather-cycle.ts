import { LightSignal, type Signal, unlessAborted } from "../abort.ts";
import { GatherError, isInstance, ScrapeTimeoutError } from "../errors.ts";
import { andThen, isThenable, type MaybePromise } from "../maybe-promise.ts";
import {
  type CollectorError,
  type GatherContext,
  type Gatherer,
  type GatherResult,
  nameOf,
} from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { ErrorHandling } from "../options/options.ts";
import { nextTurn, unref } from "../timers.ts";
import type { Deadline } from "./deadline.ts";
import { NO_PARAMS, requestedFamilies, type Selection } from "./query/selection.ts";

/** What a gather cycle needs, and what it calls. */
export interface GatherCycleOptions {
  readonly errorHandling: ErrorHandling;
  readonly report: GatherContext["report"];
  /** Where its scrapes ask; `undefined` where that is unknown. */
  readonly path?: GatherContext["path"];
  /** Which sources count. @default all */
  readonly isCounted?: GatherContext["isCounted"];
  /** Called for each scrape that joins the gathering of another. */
  readonly onShared: () => void;
  /** Called once for each gathering that was not abandoned. */
  readonly onGathered: (result: GatheringReport) => void;
  /** Called once for each gathering that took too long for a scrape, if no collector failed in it. */
  readonly onLate: (error: unknown) => void;
}

const NO_ERRORS: readonly CollectorError[] = [];

/**
 * Where some collectors may be skipped, the first bytes of the others must be ready in time, also when
 * the event loop is busy: a fifth of the time to the deadline is kept for that, and no more than this.
 */
const MAX_RESERVE_MS = 2_000;

/** How a gathering went. */
export interface GatheringReport {
  readonly errors: readonly CollectorError[];
  readonly durationMs: number;
  /** Whether it ran every collector. */
  readonly isComplete: boolean;
  /** Whether its gatherers were told values of parameters: with others they may succeed or fail. */
  readonly hasParams: boolean;
  readonly sources: GatherResult["sources"];
}

/** The outcome of a gathering. */
export interface Gathering {
  readonly families: readonly MetricFamily[];
  /** The failures of collectors. */
  readonly errors: readonly CollectorError[];
}

/** A gathering whose collectors are still running, and how many scrapes wait for it. */
interface Cycle {
  readonly result: Promise<Gathering>;
  readonly selection: Selection;
  readonly signal: LightSignal;
  /** When it abandons collectors that have not settled, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  waiting: number;
  isOver: boolean;
  /** Why the first of the scrapes that did not wait for its end timed out. */
  lateness: ScrapeTimeoutError | undefined;
}

/**
 * Runs the collectors for all scrapes that wait at the same time.
 *
 * A scrape that arrives while collectors are running joins them, if it asks for the same; one
 * that arrives later starts them anew. So two scrapers cost one collection.
 */
export class GatherCycle {
  readonly #gatherer: Gatherer;
  readonly #options: GatherCycleOptions;
  /** The gatherings that may be joined, by the key of their selection. */
  readonly #cycles = new Map<string, Cycle>();

  constructor(gatherer: Gatherer, options: GatherCycleOptions) {
    this.#gatherer = gatherer;
    this.#options = options;
  }

  /**
   * Returns the families of all collectors, each scrape to be read on its own. Where every collector
   * is synchronous, it returns them at once.
   *
   * @throws A `GatherError` when the failure policy says so, the signal's reason when it aborts first.
   */
  gather(deadline: Deadline, selection: Selection): MaybePromise<readonly MetricFamily[]> {
    return andThen(this.collect(deadline, selection), (gathering) =>
      requestedFamilies(accept(gathering, this.#options.errorHandling), selection),
    );
  }

  /**
   * Returns families and errors, whatever the failure policy says. More families may be in it than
   * the selection asks for.
   *
   * @param onCollected Called for each collector, unless a gathering was joined.
   */
  collect(
    deadline: Deadline,
    selection: Selection,
    onCollected?: GatherContext["onCollected"],
  ): MaybePromise<Gathering> {
    deadline.signal.throwIfAborted();
    const cycle = this.#join(deadline, selection);
    return cycle === undefined
      ? this.#start(deadline, selection, onCollected)
      : this.#wait(cycle, deadline);
  }

  async #wait(cycle: Cycle, deadline: Deadline): Promise<Gathering> {
    cycle.waiting++;
    try {
      return await unlessAborted(cycle.result, deadline.signal);
    } catch (error) {
      if (isInstance(error, ScrapeTimeoutError)) cycle.lateness ??= error;
      throw error;
    } finally {
      cycle.waiting--;
      if (cycle.waiting === 0 && !cycle.isOver) await this.#abandon(cycle, deadline.signal.reason);
    }
  }

  #join(deadline: Deadline, selection: Selection): Cycle | undefined {
    const cycle = this.#cycles.get(selection.key);
    if (cycle === undefined || !this.#canWait(deadline, cycle)) return undefined;
    this.#options.onShared();
    return cycle;
  }

  #canWait(deadline: Deadline, { deadlineMs }: Cycle): boolean {
    // A collector that hangs once must not hang every scrape that overlaps with one before it.
    if (deadlineMs <= Date.now()) return false;
    // Where collectors are abandoned for all, it must not be too late for a scrape that joins.
    const isPatient = this.#options.errorHandling === "fail";
    return isPatient || deadlineMs <= this.#collectDeadline(deadline);
  }

  #start(
    deadline: Deadline,
    selection: Selection,
    onCollected: GatherContext["onCollected"],
  ): MaybePromise<Gathering> {
    const deadlineMs = this.#collectDeadline(deadline);
    const signal = new LightSignal();
    const context: GatherContext = {
      get signal() {
        return signal.real;
      },
      lightSignal: signal,
      deadlineMs,
      isRequested: selection.isRequested,
      path: this.#options.path,
      params: selection.params,
      pickedSources: selection.pickedSources,
      names: selection.names,
      isCounted: this.#options.isCounted,
      report: this.#options.report,
      onCollected,
    };
    const startedAt = performance.now();
    const take = (result: GatherResult) => this.#take(result, startedAt, signal, selection);
    const given = this.#gatherer.gather(context);
    // It is over already, so no scrape can join it.
    if (!isThenable(given)) return take(given);
    const result = this.#run(given, deadlineMs, signal).then(take);
    const cycle: Cycle = {
      ...{ result, selection, signal, deadlineMs },
      ...{ waiting: 0, isOver: false, lateness: undefined },
    };
    this.#cycles.set(selection.key, cycle);
    // From here on values are read: a scrape that arrives later gets newer ones.
    const end = (gathering?: Gathering) => {
      this.#end(cycle);
      const isTold = !isAbandoned(signal) && (gathering?.errors ?? NO_ERRORS).length > 0;
      if (!isTold) this.#tellLateness(cycle);
      cycle.lateness = undefined;
    };
    result.then(end, () => end());
    return this.#wait(cycle, deadline);
  }

  /** Where the families of some collectors are served without the others, there must be time to encode them. */
  #collectDeadline({ deadlineMs, timeoutMs }: Deadline): number {
    const isPatient = this.#options.errorHandling === "fail";
    return isPatient ? deadlineMs : deadlineMs - Math.min(MAX_RESERVE_MS, timeoutMs / 5);
  }

  /** Waits for collectors; where some may be skipped, only until `deadlineMs`. */
  async #run(
    given: PromiseLike<GatherResult>,
    deadlineMs: number,
    signal: LightSignal,
  ): Promise<GatherResult> {
    // Where data must be complete, each scrape that waits times out on its own.
    const isPatient = this.#options.errorHandling === "fail";
    const timer = isPatient ? undefined : abortAt(deadlineMs, signal);
    try {
      return await given;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(
    { families, errors = NO_ERRORS, sources }: GatherResult,
    startedAt: number,
    signal: Signal,
    selection: Selection,
  ): Gathering {
    if (!isAbandoned(signal)) {
      const durationMs = performance.now() - startedAt;
      const hasParams = selection.params !== NO_PARAMS;
      const isComplete = isWhole(selection);
      this.#options.onGathered({ errors, durationMs, isComplete, hasParams, sources });
    }
    return { families: Array.isArray(families) ? families : [...families], errors };
  }

  /**
   * Stops collectors whose result no scrape waits for; the next scrape starts them anew. Those that
   * were too slow are in the result, which then settles, so that they are logged before the answer.
   */
  async #abandon(cycle: Cycle, reason: unknown): Promise<void> {
    this.#end(cycle);
    const isCertain = this.#gatherer.settlesOnAbort && !cycle.signal.aborted;
    cycle.signal.abort(reason);
    if (cycle.lateness === undefined) return;
    const settled = cycle.result.catch(() => {});
    await (isCertain ? settled : Promise.race([settled, nextTurn().then(nextTurn)]));
    this.#tellLateness(cycle);
  }

  #tellLateness(cycle: Cycle): void {
    if (cycle.lateness !== undefined) this.#options.onLate(cycle.lateness);
    cycle.lateness = undefined;
  }

  /** No scrape can join it from now on. */
  #end(cycle: Cycle): void {
    cycle.isOver = true;
    // Another may have taken its place.
    if (this.#cycles.get(cycle.selection.key) === cycle) this.#cycles.delete(cycle.selection.key);
  }
}

/** Whether every collector runs, whatever their gatherers are told. */
function isWhole({ names, pickedSources }: Selection): boolean {
  return (names ?? pickedSources) === undefined;
}

/** Tells whether no scrape waits any more, through no fault of the collectors. */
export function isAbandoned({ aborted, reason }: Pick<Signal, "aborted" | "reason">): boolean {
  return aborted && !(reason instanceof ScrapeTimeoutError);
}

function abortAt(deadlineMs: number, signal: LightSignal): NodeJS.Timeout {
  const timeoutMs = Math.max(0, deadlineMs - Date.now());
  return unref(setTimeout(() => signal.abort(new ScrapeTimeoutError(timeoutMs)), timeoutMs));
}

/** The failure policy. Without a family there is nothing to continue with. */
export function isRefused({ families, errors }: Gathering, errorHandling: ErrorHandling): boolean {
  return errors.length > 0 && (errorHandling === "fail" || families.length === 0);
}

export function accept(
  gathering: Gathering,
  errorHandling: ErrorHandling,
): readonly MetricFamily[] {
  const { families, errors } = gathering;
  if (!isRefused(gathering, errorHandling)) return families;
  const names = errors.map(({ collector, source }) => nameOf(collector, source)).join(", ");
  throw new GatherError(
    `Collectors failed: ${names}`,
    errors.map(({ error }) => error),
  );
}
