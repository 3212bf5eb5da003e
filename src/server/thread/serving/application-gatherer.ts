import { MirroredFamilies } from "../../../gatherers/remote/mirrored-families.ts";
import type { GatherContext, Gatherer, GatherResult } from "../../../model/gatherer.ts";
import { haveSameElements } from "../../../model/identity.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import type { ErrorHandling } from "../../../options/options.ts";
import { UnavailableError } from "../../../scrape/failure.ts";
import { inSlices } from "../../../scrape/slices.ts";
import type { UpdateLock } from "../../../scrape/update-lock.ts";
import { sharedNow } from "../environment.ts";
import { unpackError } from "../error-parcel.ts";
import type { Answer, SourceFacts } from "../messages.ts";
import { NumbersReader } from "../shared-numbers.ts";
import type { Conversation } from "./conversation.ts";
import { replyInTime } from "./patience.ts";

/** What a gatherer needs of its server. */
export interface ApplicationGathererParts {
  readonly conversation: Conversation;
  /** Keeps numbers that arrive and reading apart. */
  readonly lock: UpdateLock;
  readonly errorHandling: ErrorHandling;
  /** The oldest metrics that are served, in milliseconds. */
  readonly maxAgeMs: number;
}

/** An answer of the application, applied. */
interface Gathered extends GatherResult, Pick<Answer, "durations" | "faults" | "readAtMs"> {
  readonly families: readonly MetricFamily[];
  /** Whether it is remembered as what its selection has got last. */
  readonly isRemembered: boolean;
}

/** Longer than anything that an update lock waits for, in milliseconds. */
const FOREVER_MS = 2 ** 31 - 1;

/** How many selections are remembered beside the one of everything. */
const MAX_SELECTIONS = 16;

const EVERYTHING = "";

/**
 * The gatherer of an application in another thread: it asks for what the collectors return, and mirrors it.
 * What it has got before is served while the application cannot answer.
 */
export class ApplicationGatherer implements Gatherer {
  readonly params: Gatherer["params"];
  readonly sourceNames: Gatherer["sourceNames"];
  readonly hasCollectors: boolean;
  readonly #source: number;
  readonly #parts: ApplicationGathererParts;
  readonly #mirrored = new MirroredFamilies();
  readonly #numbers = new NumbersReader();
  /** The last answers, by what was asked for. */
  readonly #last = new Map<string, Gathered>();
  /** When that was read which is served instead of an answer; `undefined` while answers come. */
  #servedReadAtMs: number | undefined;

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

  async gather(context: GatherContext): Promise<GatherResult> {
    const { deadlineMs, names, pickedSources, params, onCollected, report } = context;
    const { conversation } = this.#parts;
    const question = conversation.ask<Gathered>({
      type: "want",
      source: this.#source,
      ...{ deadlineMs, names, pickedSources, params: { ...params } },
      wantsDurations: onCollected !== undefined,
    });
    const hasLast = () => this.#lastOf(context) !== undefined;
    const gathered = await replyInTime(question, conversation, context, hasLast);
    if (gathered === undefined) return this.#serveLast(context);
    for (const [collector, durationMs] of gathered.durations) onCollected?.(collector, durationMs);
    for (const [family, reason] of gathered.faults) report(family, reason);
    const key = keyOf(context);
    return key === undefined || !gathered.isRemembered ? gathered : this.#remember(key, gathered);
  }

  /**
   * Applies an answer, whoever waits for it: its layout is that of all answers to come.
   *
   * @throws {ProtocolError} If it is not as the protocol says.
   */
  async apply(answer: Answer): Promise<Gathered> {
    const { snapshot, isSeparate, sources, durations, faults, readAtMs } = answer;
    // At once, because the next ones may then be written to the same memory.
    const numbers = this.#numbers.take(snapshot.numbers);
    const errors = answer.errors.map((each) => ({ ...each, error: unpackError(each.error) }));
    // Its scrape gets an error, and what the one before has got stays for those to come.
    const isRefused = errors.length > 0 && this.#parts.errorHandling === "fail";
    const isRemembered = !isRefused && !isSeparate;
    const isPartial = snapshot.isPartial || isRefused;
    const rest = { errors, sources, durations, faults, readAtMs, isRemembered };
    const mirrored = isSeparate ? new MirroredFamilies() : this.#mirrored;
    const steps = mirrored.apply({ ...snapshot, isPartial, numbers });
    if (isSeparate) return { ...rest, families: await inSlices(steps) };
    let families: readonly MetricFamily[] = [];
    const write = async () => {
      families = await inSlices(steps);
    };
    await this.#parts.lock.update(write, FOREVER_MS);
    if (isRemembered) this.#servedReadAtMs = undefined;
    const gathered = { ...rest, families };
    return isPartial ? gathered : this.#remember(EVERYTHING, gathered);
  }

  /** Remembers an answer; its list of families stays the same object as long as they do. */
  #remember(key: string, gathered: Gathered): Gathered {
    const { families = gathered.families } = this.#last.get(key) ?? {};
    const isSame = haveSameElements(gathered.families, families);
    const remembered = { ...gathered, families: isSame ? families : gathered.families };
    // The one that was asked for last is the last one of the map.
    this.#last.delete(key);
    this.#last.set(key, remembered);
    const others = [...this.#last.keys()].filter((other) => other !== EVERYTHING);
    if (others.length > MAX_SELECTIONS) this.#last.delete(others[0] as string);
    return remembered;
  }

  /** What a scrape can get instead of an answer. */
  #lastOf(context: GatherContext): Gathered | undefined {
    const key = keyOf(context);
    if (key === undefined) return undefined;
    const everything = context.pickedSources && this.#last.get(EVERYTHING);
    return this.#last.get(key) ?? everything;
  }

  #serveLast(context: GatherContext): GatherResult {
    const { families, errors, sources, readAtMs } = this.#lastOf(context) as Gathered;
    if (sharedNow() - readAtMs > this.#parts.maxAgeMs) throw new UnavailableError(TOO_OLD);
    this.#servedReadAtMs = readAtMs;
    return { families: this.#mirrored.current(families), errors, sources };
  }
}

const TOO_OLD =
  "The event loop of the application is stuck, and its last metrics are older than maxAgeMs";

/** What scrapes have in common that ask for the same; `undefined` for those whose client has chosen values. */
function keyOf({ names, pickedSources, params }: GatherContext): string | undefined {
  if (Object.keys(params).length > 0) return undefined;
  if (names === undefined && pickedSources === undefined) return EVERYTHING;
  return JSON.stringify([names, pickedSources && [...pickedSources]]);
}
