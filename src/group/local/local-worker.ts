/**
 * The metrics of this process, as one worker among several: a hub and a member take part in a scrape the
 * same way. The hook runs here, the failure policy holds here, and no snapshot sees an update half-done.
 */
import type { Signal } from "../../abort.ts";
import { isInstance, ScrapeTimeoutError } from "../../errors.ts";
import { gatherLast, gatherNow } from "../../gatherers/final-gathering.ts";
import { FormerTotals } from "../../gatherers/remote/former-totals.ts";
import { policyOf } from "../../gatherers/remote/merge-policy.ts";
import { Sender, totalsOf } from "../../gatherers/remote/sender.ts";
import type { Snapshot } from "../../gatherers/remote/snapshot.ts";
import type { Log } from "../../log.ts";
import { type Gatherer, nameOf } from "../../model/gatherer.ts";
import type { MetricFamily, MetricType } from "../../model/metric-family.ts";
import type { ResolvedHandlerOptions } from "../../options/options.ts";
import type { WorkersSettings } from "../../options/workers.ts";
import { Alarm } from "../../scrape/alarm.ts";
import { withHook } from "../../scrape/application.ts";
import { startDeadline } from "../../scrape/deadline.ts";
import { GatherCycle, type Gathering, isRefused } from "../../scrape/gather-cycle.ts";
import { selectNames } from "../../scrape/query/name-filter.ts";
import { requestedFamilies } from "../../scrape/query/selection.ts";
import { walkLocked } from "../../scrape/slicing/locked-walk.ts";
import type { UpdateLock } from "../../scrape/update-lock.ts";
import { type Outcome, type Question, toldErrors } from "../messages.ts";
import type { Reported, Retained } from "./reported.ts";

/** The answer of a worker to a question. */
export interface Answer extends Outcome {
  /** Absent where nothing is given. */
  readonly snapshot: Snapshot | undefined;
}

/**
 * The least time that collectors get, in milliseconds. A process that was blocked reads a question when its
 * time is over; its numbers are still worth having.
 */
const MIN_TIME_MS = 1_000;

/** The most time that they get, whatever a clock says that was set meanwhile. */
const MAX_TIME_MS = 60 * 60 * 1_000;

/** The log line of a worker whose metrics cannot be read. */
export const CANNOT_ANSWER: string = "Cannot read the metrics of this worker; it counts as failed";

/** The kind of collectors' faults in the log. */
const COLLECTOR = "collector of this worker";

/** What the worker needs of its process. */
interface LocalConfig {
  readonly gatherer: Gatherer;
  readonly options: Pick<ResolvedHandlerOptions, "errorHandling" | "onScrape">;
  readonly log: Log;
  readonly path?: string | undefined;
  readonly lock: UpdateLock;
}

/** The worker that this process is. */
export class LocalWorker {
  /** Which sources it reports; `undefined` before it joins, when nobody asks. */
  reported: Reported | undefined;
  /** Which totals its hub retains (`Ledger.era`); `undefined` until one has said so. */
  era: string | undefined;
  readonly #lock: UpdateLock;
  readonly #gatherer: Gatherer;
  readonly #options: Pick<ResolvedHandlerOptions, "errorHandling" | "onScrape">;
  readonly #log: Log;
  readonly #settings: WorkersSettings;
  readonly #cycle: GatherCycle;
  readonly #alarm = new Alarm();
  /** Those of the last gathering of all. */
  #families: readonly MetricFamily[] = [];
  #isFailing = false;
  #reason = "";
  readonly #former = new Map<Retained, FormerTotals>();
  #isLeaving = false;
  #last: Snapshot | undefined;

  constructor({ gatherer, options, log, path, lock }: LocalConfig, settings: WorkersSettings) {
    const { errorHandling, onScrape } = options;
    this.#lock = lock;
    this.#gatherer = gatherer;
    this.#options = options;
    this.#settings = settings;
    this.#log = log;
    this.#cycle = new GatherCycle(
      onScrape === undefined ? gatherer : withHook(gatherer, onScrape),
      {
        errorHandling,
        path,
        isCounted: this.#isCounted,
        report: this.#report,
        onShared: () => {},
        onGathered: ({ errors, isComplete }) => this.#logErrors(errors, isComplete),
        onLate: (error) =>
          log.error("The collectors of this worker were too slow for a scrape", error),
      },
    );
  }

  /** Answers a question. It never rejects. */
  async answer(sender: Sender, question: Question, signal: Signal): Promise<Answer> {
    if (this.#isFailing) return { ...NOTHING_GIVEN, isFailing: true };
    const selection = selectNames(question.names);
    const leftMs = question.deadlineMs - Date.now();
    const timeMs = Math.min(Math.max(MIN_TIME_MS, leftMs), MAX_TIME_MS);
    const deadline = startDeadline(timeMs, signal, this.#alarm);
    try {
      const gathering = await this.#cycle.collect(deadline, selection);
      const isPartial = question.names !== undefined;
      const gathered = this.#withTotals(gathering);
      if (!isPartial) this.#families = gathered;
      if (isRefused(gathering, this.#options.errorHandling)) {
        return { ...NOTHING_GIVEN, errors: toldErrors(gathering.errors) };
      }
      const families = requestedFamilies(gathered, selection);
      const snapshot = await walkLocked(this.#lock, deadline.signal, () =>
        sender.take(families, { isPartial, report: this.#report }),
      );
      return { ...NOTHING_GIVEN, isGiven: true, errors: toldErrors(gathering.errors), snapshot };
    } catch (error) {
      // The cycle has logged it.
      if (isInstance(error, ScrapeTimeoutError)) return { ...NOTHING_GIVEN, isLate: true };
      // Nobody waits where the hub is gone.
      if (!signal.aborted) this.#log.error(CANNOT_ANSWER, error);
      return { ...NOTHING_GIVEN, errors: toldErrors([{ collector: "scrape", error }]) };
    } finally {
      deadline.clear();
    }
  }

  /** Makes what tells one hub of the metrics. */
  createSender(): Sender {
    return new Sender(() => this.#formerTotals());
  }

  /**
   * Returns the last numbers of this process, without a pause and without its collectors; while it leaves, the
   * same each time.
   */
  totals(): Snapshot {
    if (this.#last !== undefined) return this.#last;
    const families = this.#familiesNow();
    const former = this.#formerTotals();
    const last = totalsOf(families, former, this.#isRetained);
    if (this.#isLeaving) {
      this.#last = last;
      this.#retain(families, former.length === 0 ? last : undefined);
    }
    return last;
  }

  /**
   * Reads once more what cannot be read at once: `totals()` does not wait, and would return what the last
   * scrape saw. It takes a second at most, and never rejects.
   *
   * @returns `undefined` where there is nothing to wait for.
   */
  readLast(): Promise<void> | undefined {
    return gatherLast(this.#gatherer, this.#isCounted)?.then((families) => {
      this.#families = this.#withLast(families);
    });
  }

  /** Must be called before it leaves its group although the process lives on, and may take part again. */
  leave(): void {
    this.#isLeaving = true;
  }

  setFailing(message = "no reason given"): void {
    // Some applications say so again and again.
    if (this.#isFailing && this.#reason === message) return;
    this.#isFailing = true;
    this.#reason = message;
    this.#log.note(`Metrics marked as failing; this worker counts as failed: ${message}`);
  }

  setOk(): void {
    this.#isFailing = false;
  }

  close(): void {
    this.reported?.close();
    this.#alarm.close();
  }

  /** Adds the totals of collectors that have failed: these stay as they were, or they would count anew. */
  #withTotals({ families, errors }: Gathering): readonly MetricFamily[] {
    if (errors.length === 0) return families;
    const names = new Set(families.map(({ name }) => name));
    const isKept = (family: MetricFamily) => !names.has(family.name) && this.#isRetained(family);
    return [...families, ...this.#families.filter(isKept)];
  }

  readonly #isCounted = (source: object): boolean => this.reported?.has(source) ?? true;

  readonly #isRetained = ({ name, type }: { name: string; type: MetricType }): boolean =>
    policyOf(name, type, this.#settings).kind === "total";

  /** What its hub retains of the sources that it reports. */
  #formerTotals(): readonly FormerTotals[] {
    const all: FormerTotals[] = [];
    for (const { retained } of this.reported?.sources().values() ?? []) {
      if (retained === undefined) continue;
      // A group that has begun anew retains nothing of it.
      if ((retained.era ?? this.era) !== (this.era ?? retained.era)) continue;
      const former = this.#former.get(retained) ?? new FormerTotals(retained, this.#isRetained);
      this.#former.set(retained, former);
      all.push(former);
    }
    return all;
  }

  /**
   * Notes what is retained of each source from now on.
   *
   * @param last The totals of all, unless something was deducted.
   */
  #retain(families: readonly MetricFamily[], last: Snapshot | undefined): void {
    const { reported, era } = this;
    const sources = [...(reported?.sources().keys() ?? [])];
    const own = sources.map((source) => gatherNow(this.#gatherer, (counted) => counted === source));
    const names = new Set(own.flat().map(({ name }) => name));
    // Whose these are is not known; where a source does not have them, nothing is deducted.
    const others = families.filter(({ name }) => !names.has(name));
    for (const [index, source] of sources.entries()) {
      const isAll = sources.length === 1 && last !== undefined;
      const all = [...(own[index] ?? []), ...others];
      const { layout, order, numbers } = isAll ? last : totalsOf(all, [], this.#isRetained);
      reported?.retain(source, { layout, order, numbers, era });
    }
  }

  /** The families as they are now; where a gatherer would have to be waited for, its last ones. */
  #familiesNow(): readonly MetricFamily[] {
    return this.#withLast(gatherNow(this.#gatherer, this.#isCounted));
  }

  #withLast(families: readonly MetricFamily[]): readonly MetricFamily[] {
    const names = new Set(families.map(({ name }) => name));
    return [...families, ...this.#families.filter(({ name }) => !names.has(name))];
  }

  readonly #report = (family: string, reason: string): void =>
    this.#log.warn(`Skipped part of metric family "${family}": ${reason}`);

  #logErrors(errors: Gathering["errors"], isComplete: boolean): void {
    const consequence =
      this.#options.errorHandling === "fail"
        ? "this worker counts as failed"
        : "its counters of this worker stay as they were, and its gauges are missing from the scrape";
    const names = new Set<string>();
    for (const { collector: within, source, error } of errors) {
      const collector = nameOf(within, source);
      names.add(collector);
      this.#log.error(`Collector "${collector}" failed; ${consequence}`, error, {
        kind: COLLECTOR,
        name: collector,
        fields: { collector },
        again: `Collector "${collector}" works again`,
      });
    }
    if (isComplete) this.#log.settled(COLLECTOR, (name) => names.has(name));
  }
}

const NOTHING_GIVEN: Answer = {
  isGiven: false,
  isLate: false,
  isFailing: false,
  errors: [],
  snapshot: undefined,
};
