import { MirroredFamilies } from "../../../gatherers/remote/mirrored-families.ts";
import type { LayoutPiece } from "../../../gatherers/remote/snapshot.ts";
import type { GatherContext, Gatherer, GatherResult } from "../../../model/gatherer.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import type { ErrorHandling } from "../../../options/options.ts";
import { UnavailableError } from "../../../scrape/failure.ts";
import { EVERYTHING } from "../../../scrape/query/selection.ts";
import { inSlices, Turns } from "../../../scrape/slicing/slices.ts";
import type { UpdateLock } from "../../../scrape/update-lock.ts";
import { nextTurn, unref } from "../../../timers.ts";
import { sharedNow } from "../environment.ts";
import { unpackError } from "../error-parcel.ts";
import type { Answer, LayoutAhead, SourceFacts } from "../messages.ts";
import { NumbersReader } from "../shared-numbers.ts";
import type { Conversation, Question } from "./conversation.ts";
import { type Gathered, LastAnswers } from "./last-answers.ts";
import { replyInTime } from "./patience.ts";

/** What a gatherer needs of its server. */
export interface ApplicationGathererParts {
  readonly conversation: Conversation;
  /** Keeps numbers that arrive and reading apart. */
  readonly lock: UpdateLock;
  readonly errorHandling: ErrorHandling;
  /** How old metrics may be that are served while the application is stuck, in milliseconds. */
  readonly maxAgeMs: number;
}

/** An answer, and whether its scrape gets an error. */
interface Applied extends Gathered {
  readonly isRefused: boolean;
}

/**
 * How long the application has to say which collectors were too slow, in milliseconds: where a scrape fails because
 * of them, and where it gets the families of the others.
 */
const LAST_WORD_MS: Readonly<Record<ErrorHandling, number>> = { fail: 100, continue: 2_000 };

/** Longer than an answer takes to be applied, in milliseconds. */
const FOREVER_MS = 2 ** 31 - 1;

const TOO_OLD =
  "The event loop of the application is stuck, and its last metrics are older than thread.maxAgeMs";

/**
 * The gatherer of an application in another thread: it asks for what the collectors return, and mirrors it.
 * While the application cannot answer, it returns what it got last.
 */
export class ApplicationGatherer implements Gatherer {
  readonly params: Gatherer["params"];
  readonly sourceNames: Gatherer["sourceNames"];
  readonly hasCollectors: boolean;
  readonly settlesOnAbort = true;
  readonly #source: number;
  readonly #parts: ApplicationGathererParts;
  #mirrored = new MirroredFamilies();
  readonly #numbers = new NumbersReader();
  /** The beginning of the layout of the next answer. */
  readonly #layout: LayoutPiece[] = [];
  /** Answers that came together are applied one by one: each scrape begins to read its own before the next. */
  readonly #turns = new Turns();
  #last = new LastAnswers();
  /**
   * When the oldest of what is served instead of answers was read; `undefined` while answers come. Some of it may be
   * newer: the families that a scrape has picked since. None is older.
   */
  #servedReadAtMs: number | undefined;
  /** The last question that had no reply in time, and what ends it. */
  #postponed: { readonly question: Question<Applied>; readonly timer: NodeJS.Timeout } | undefined;

  /** @param source Its index among those of the application. */
  constructor(
    { params, sourceNames, hasCollectors = false }: SourceFacts,
    source: number,
    parts: ApplicationGathererParts,
  ) {
    this.params = params;
    this.sourceNames = sourceNames;
    this.hasCollectors = hasCollectors;
    this.#source = source;
    this.#parts = parts;
  }

  /** How old the metrics are that are served, in seconds; 0 while answers come. */
  get ageSeconds(): number {
    return this.#servedReadAtMs === undefined ? 0 : (sharedNow() - this.#servedReadAtMs) / 1_000;
  }

  /**
   * Asks the application.
   *
   * @throws What its gatherer has thrown; an `UnavailableError` when the application is stuck, and what it has
   *   answered last is too old.
   */
  async gather(context: GatherContext): Promise<GatherResult> {
    const { deadlineMs, names, pickedSources, params, onCollected, report } = context;
    const { conversation } = this.#parts;
    const question = conversation.ask<Applied>({
      type: "want",
      source: this.#source,
      ...{ deadlineMs, names, pickedSources, params: { ...params } },
      wantsDurations: onCollected !== undefined,
    });
    const applied = await replyInTime(question, conversation, {
      deadlineMs,
      // To make a real signal costs as much as to gather a small registry.
      signal: context.lightSignal ?? context.signal,
      lastWordMs: LAST_WORD_MS[this.#parts.errorHandling],
      hasLast: () => this.#last.of(context) !== undefined,
    });
    if (applied === undefined) {
      this.#postpone(question, deadlineMs);
      return this.#serveLast(context);
    }
    for (const [collector, durationMs] of applied.durations) onCollected?.(collector, durationMs);
    for (const [family, reason] of applied.faults) report(family, reason);
    return applied.isRefused ? applied : this.#last.remember(context, applied);
  }

  /** Takes the beginning of the next answer. */
  begin({ piece }: LayoutAhead): void {
    this.#layout.push(piece);
  }

  /** Forgets all that has been sent. */
  beginAnew(): void {
    this.#layout.length = 0;
    this.#mirrored = new MirroredFamilies();
    this.#last = new LastAnswers();
  }

  /**
   * Applies an answer, whoever waits for it: the next ones have only what has changed since.
   *
   * @throws {ProtocolError} If it is not as the protocol says.
   */
  async apply(answer: Answer): Promise<Applied> {
    const { snapshot, isSeparate, sources, durations, faults, readAtMs } = answer;
    // At once, because the numbers of the next one may then be written to the same memory.
    const numbers = this.#numbers.take(snapshot.numbers);
    const layout = [...this.#layout.splice(0), ...snapshot.layout];
    const errors = answer.errors.map((each) => ({ ...each, error: unpackError(each.error) }));
    const hasNothing = this.#parts.errorHandling === "fail" || snapshot.order.length === 0;
    const isRefused = errors.length > 0 && hasNothing;
    // What the last one has got stays for scrapes to come.
    const isPartial = snapshot.isPartial || isRefused;
    const mirrored = isSeparate ? new MirroredFamilies() : this.#mirrored;
    const steps = mirrored.apply({ ...snapshot, layout, isPartial, numbers });
    const families = isSeparate ? await inSlices(steps) : await this.#write(steps);
    const applied = { families, errors, sources, durations, faults, readAtMs, isRefused };
    if (isRefused || isSeparate) return applied;
    this.#servedReadAtMs = undefined;
    if (!isPartial) this.#last.remember(EVERYTHING, applied);
    return applied;
  }

  /** Changes what is mirrored while nothing is read. */
  async #write(
    steps: Iterator<unknown, readonly MetricFamily[], undefined>,
  ): Promise<readonly MetricFamily[]> {
    let families: readonly MetricFamily[] = [];
    const write = async () => {
      families = await inSlices(steps);
    };
    const written = this.#turns.take(() => this.#parts.lock.update(write, FOREVER_MS));
    void this.#turns.take(nextTurn);
    await written;
    return families;
  }

  /**
   * Takes the reply to the last question whenever it comes. Otherwise an application that turns now and then, and
   * always too late, would never be shown as it is.
   */
  #postpone(question: Question<Applied>, deadlineMs: number): void {
    const { conversation } = this.#parts;
    const { question: before, timer } = this.#postponed ?? {};
    if (before?.isCollecting === false) {
      clearTimeout(timer);
      conversation.leave(before);
    }
    const expire = () => conversation.drop(question, true);
    this.#postponed = { question, timer: unref(setTimeout(expire, deadlineMs - Date.now())) };
  }

  #serveLast(context: GatherContext): GatherResult {
    const { families, errors, sources, readAtMs } = this.#last.of(context) as Gathered; // There is one.
    if (sharedNow() - readAtMs > this.#parts.maxAgeMs) throw new UnavailableError(TOO_OLD);
    // A scrape whose answer is older may still be under way.
    this.#servedReadAtMs = Math.min(readAtMs, this.#servedReadAtMs ?? readAtMs);
    return { families: this.#mirrored.current(families), errors, sources };
  }
}
