import type { Signal } from "../../../abort.ts";
import { ScrapeTimeoutError } from "../../../errors.ts";
import { Sender } from "../../../gatherers/remote/sender.ts";
import type { LayoutPiece } from "../../../gatherers/remote/snapshot.ts";
import { andThen, isThenable, type MaybePromise, orElse } from "../../../maybe-promise.ts";
import type {
  CollectorError,
  GatherContext,
  Gatherer,
  GatherResult,
} from "../../../model/gatherer.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import type { ErrorHandling } from "../../../options/options.ts";
import { isRefused } from "../../../scrape/gather-cycle.ts";
import { NO_PARAMS, requestedFamilies } from "../../../scrape/query/selection.ts";
import { walkLocked } from "../../../scrape/slicing/locked-walk.ts";
import { inSlices, Turns } from "../../../scrape/slicing/slices.ts";
import type { UpdateLock } from "../../../scrape/update-lock.ts";
import { sharedNow } from "../environment.ts";
import { packError } from "../error-parcel.ts";
import type { Anew, Answer, LayoutAhead, Want } from "../messages.ts";
import { NumbersWriter } from "../shared-numbers.ts";
import { Asked, type OpenQuestion } from "./open-question.ts";

/** What one path serves. */
export interface ServedSource {
  readonly path: string;
  /** With the hook, if there is one. */
  readonly gatherer: Gatherer;
  readonly errorHandling: ErrorHandling;
  /** How long its values may be read, in milliseconds. */
  readonly timeoutMs: number;
  /** What is counted in this thread beside it. */
  readonly furtherFamilies: readonly MetricFamily[];
}

/** Sends an answer, or a part of it, and hands over the memory that comes with it. */
export type SendAnswer = (
  answer: Answer | LayoutAhead | Anew,
  transferred?: readonly ArrayBuffer[],
) => void;

/** Answers what one thread asks for of one path. */
export class SourceReader {
  readonly #source: ServedSource;
  readonly #lock: UpdateLock;
  readonly #send: SendAnswer;
  #sender = new Sender();
  #numbers = new NumbersWriter();
  /** A sender takes one snapshot at a time, and its receiver applies them in their order. */
  readonly #turns = new Turns();

  constructor(source: ServedSource, lock: UpdateLock, send: SendAnswer) {
    this.#source = source;
    this.#lock = lock;
    this.#send = send;
  }

  /**
   * Runs the collectors, reads the values while no update runs, and sends them: at once, where nothing has to be
   * waited for.
   *
   * @throws What the gatherer or a metric throws, and the reason of a question that was abandoned.
   */
  answer(want: Want, question: OpenQuestion): MaybePromise<void> {
    const { gatherer, path } = this.#source;
    const asked = new Asked(want, question, path);
    const gathered = gatherer.gather(asked.context);
    return isThenable(gathered)
      ? Promise.resolve(gathered).then((result) => this.#read(result, asked))
      : this.#read(gathered, asked);
  }

  #read({ families: given, errors = [], sources }: GatherResult, asked: Asked): MaybePromise<void> {
    const { errorHandling, furtherFamilies } = this.#source;
    const { want, question, selection, faults, durations } = asked;
    const families = Array.isArray(given) ? given : [...given];
    const fails = isRefused({ families, errors }, errorHandling);
    // Nobody gets the families of a scrape that fails; a page shows them beside the collectors that have failed.
    const all = fails && !want.wantsDurations ? [] : [...families, ...furtherFamilies];
    const take = {
      families: requestedFamilies(all, selection),
      // Those of the last scrape stay as they are.
      isPartial: fails || want.names !== undefined || want.pickedSources !== undefined,
      isSeparate: selection.params !== NO_PARAMS,
      report: asked.context.report,
    };
    const answer: AnswerHead = {
      ...{ type: "answer", n: want.n, source: want.source },
      ...{ errors: errors.map(sentError), sources, durations, faults },
      isSeparate: take.isSeparate,
    };
    return this.#turns.takeNow(() =>
      andThen(this.#take(take, question), (taken) => this.#sendTaken(answer, taken)),
    );
  }

  #sendTaken(answer: AnswerHead, { readAtMs, snapshot, transferred }: Taken): MaybePromise<void> {
    const { source } = answer;
    const last = { ...snapshot, layout: snapshot.layout.slice(-1) };
    return orElse(
      () =>
        andThen(this.#sendAhead(source, snapshot.layout), () =>
          this.#send({ ...answer, snapshot: last, readAtMs }, transferred),
        ),
      (error) => {
        this.#beginAnew(source);
        throw error;
      },
    );
  }

  /** A gatherer may return what cannot be cloned; the next snapshot must not build on one that was not sent. */
  #beginAnew(source: number): void {
    this.#sender = new Sender();
    this.#numbers = new NumbersWriter();
    this.#send({ type: "anew", source });
  }

  /** Sends all of a layout but its end, which comes with the answer. Most have no more. */
  #sendAhead(source: number, layout: readonly LayoutPiece[]): MaybePromise<void> {
    if (layout.length > 1) return inSlices(this.#sendPieces(source, layout.slice(0, -1)));
  }

  *#sendPieces(source: number, pieces: readonly LayoutPiece[]): Generator<undefined, void> {
    for (const piece of pieces) {
      this.#send({ type: "layout", source, piece });
      yield;
    }
  }

  #take(
    { families, isPartial, isSeparate, report }: Take,
    { all: signal }: OpenQuestion,
  ): MaybePromise<Taken> {
    const sender = isSeparate ? new Sender() : this.#sender;
    const numbers = this.#numbers;
    const options = {
      isPartial: isPartial && !isSeparate,
      report,
      ...(!isSeparate && { allocate: (count: number) => numbers.allocate(count) }),
    };
    let readAtMs = 0;
    const walked = walkLocked(this.#lock, signal, () => {
      readAtMs = sharedNow();
      return bounded(sender.take(families, options), signal, this.#source.timeoutMs);
    });
    return andThen(walked, (snapshot) => {
      const sent = numbers.send(snapshot.numbers);
      const transferred = sent.own === undefined ? [] : [sent.own];
      return { readAtMs, snapshot: { ...snapshot, numbers: sent }, transferred };
    });
  }
}

/** Gives a walk up when nobody waits for it or it takes too long: what it reads may have no end. */
function* bounded<T>(
  walk: Generator<undefined, T, undefined>,
  signal: Signal,
  timeoutMs: number,
): Generator<undefined, T, undefined> {
  const endsAt = performance.now() + timeoutMs;
  try {
    for (;;) {
      const step = walk.next();
      if (step.done) return step.value;
      signal.throwIfAborted();
      if (performance.now() > endsAt) throw new ScrapeTimeoutError(timeoutMs);
      yield;
    }
  } finally {
    // The iterators of its families end, too.
    (walk as Iterator<unknown>).return?.();
  }
}

/** What a snapshot is taken of. */
interface Take {
  readonly families: readonly MetricFamily[];
  readonly isPartial: boolean;
  readonly isSeparate: boolean;
  readonly report: GatherContext["report"];
}

/** All of an answer but what is taken. */
type AnswerHead = Omit<Answer, "snapshot" | "readAtMs">;

interface Taken extends Pick<Answer, "snapshot" | "readAtMs"> {
  readonly transferred: readonly ArrayBuffer[];
}

function sentError({
  collector,
  error,
  durationMs,
  source,
}: CollectorError): Answer["errors"][number] {
  return { collector, error: packError(error), durationMs, source };
}
