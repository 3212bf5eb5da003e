/**
 * What a page needs to know of the scrapes, beside the metrics.
 *
 * A survey lets a visitor read all families, or those of one name. It has the time of a scrape, shares
 * the collectors' run with scrapes, and reads in slices of the event loop, while no update runs. It is
 * not counted as a scrape, and has a limit of its own, so that it never takes the slot of one. It also
 * says how the collectors do, and what became of the last scrapes (`recent-scrapes.ts`). Errors stay
 * in the log.
 */
import type { Signal } from "../../abort.ts";
import { ChunkReader } from "../../exposition/chunk-reader.ts";
import { nameOf } from "../../model/gatherer.ts";
import type { ScrapeParts } from "../answer.ts";
import type { CollectorHealth } from "../collector-health.ts";
import { type Deadline, startDeadline, startSending } from "../deadline.ts";
import type { CollectorReport, Findings, Survey, TakeSurvey, Visit } from "../exchange.ts";
import { blameOn, explainFailure, FAILURE_TIMEOUT_MS } from "../failure.ts";
import { type Gathering, isRefused } from "../gather-cycle.ts";
import { selectNames } from "../query/name-filter.ts";
import { EVERYTHING, requestedFamilies, type Selection } from "../query/selection.ts";
import type { UpdateLock } from "../update-lock.ts";
import type { RecentScrapes } from "./recent-scrapes.ts";

/** How many surveys may run at once: a separate limit, so that they never take the slot of a scrape. */
const MAX_AT_ONCE = 4;

/** What surveys work with. */
export interface SurveyParts extends ScrapeParts {
  readonly health: CollectorHealth;
  /** Absent where nobody remembers them. */
  readonly recentScrapes: RecentScrapes | undefined;
}

/** Makes the function that takes surveys. */
export function createSurvey(parts: SurveyParts): TakeSurvey {
  const surveyor = new Surveyor(parts);
  let running = 0;
  return async (client, visit, name) => {
    const startedAtMs = Date.now();
    const deadline = startDeadline(parts.options.timeoutMs, client, parts.alarm);
    if (running >= MAX_AT_ONCE) return { findings: "busy", ...startSending(deadline) };
    running++;
    try {
      const selection = selectNames(name === undefined ? undefined : [name]);
      const findings = await surveyor.find(deadline, visit, selection);
      return { findings, ...startSending(deadline) };
    } catch (thrown) {
      const survey = unavailable(parts, thrown, client, deadline);
      return survey?.findings === "late"
        ? { ...survey, tooSlow: tooSlow(parts, startedAtMs) }
        : survey;
    } finally {
      running--;
    }
  };
}

class Surveyor {
  readonly #parts: SurveyParts;
  /** How long each collector took when they all last ran for a survey. */
  #durations: ReadonlyMap<string, number> = new Map();

  constructor(parts: SurveyParts) {
    this.#parts = parts;
  }

  async find<T>(deadline: Deadline, visit: Visit<T>, selection: Selection): Promise<Findings<T>> {
    const { status, ownFamilies, options, lock, recentScrapes } = this.#parts;
    const gathering = status.isFailing ? NOTHING : await this.#collect(deadline, selection);
    const [families, own] = this.#split(gathering.families, ownFamilies(), selection);
    const result = await inSlices(visit(families, own), deadline.signal, lock);
    return {
      result,
      failed: gathering.errors.map(({ collector, source }) => nameOf(collector, source)),
      isRefused: isRefused(gathering, options.errorHandling),
      isFailing: status.isFailing,
      collectors: this.#reports(gathering),
      scrapes: recentScrapes?.list() ?? [],
    };
  }

  async #collect(deadline: Deadline, selection: Selection): Promise<Gathering> {
    const { cycle } = this.#parts;
    const durations = new Map<string, number>();
    const onCollected = (collector: string, durationMs: number) => {
      durations.set(collector, durationMs);
    };
    const gathering = await blameOn("gathering", () =>
      cycle.collect(deadline, selection, onCollected),
    );
    // There are none when it has joined the gathering of a scrape.
    if (selection === EVERYTHING && durations.size > 0) this.#durations = durations;
    return gathering;
  }

  /** Puts the status of the application with its own families. */
  #split(gathered: Families, own: Families, selection: Selection): readonly [Families, Families] {
    const { families: status } = this.#parts.status;
    return [
      requestedFamilies([...gathered, ...status], selection),
      requestedFamilies(
        own.filter((family) => !status.includes(family)),
        selection,
      ),
    ];
  }

  #reports({ errors }: Gathering): CollectorReport[] {
    const { all } = this.#parts.health;
    const failing = new Set(errors.map(({ collector, source }) => nameOf(collector, source)));
    const names = new Set([...this.#durations.keys(), ...all.keys()]);
    return Array.from(names, (name) => ({
      name,
      durationMs: this.#durations.get(name),
      failedAtMs: all.get(name)?.failedAtMs,
      isFailing: failing.has(name) || all.get(name)?.success === 0,
    }));
  }
}

type Families = Gathering["families"];

const NOTHING: Gathering = { families: [], errors: [] };

/** Finishes a visit in slices of the event loop, while no update runs. */
async function inSlices<T>(
  visiting: Generator<Uint8Array, T, undefined>,
  signal: Signal,
  lock: UpdateLock,
): Promise<T> {
  const results: T[] = [];
  const pauses = (function* () {
    results.push(yield* visiting);
  })();
  const reader = new ChunkReader(pauses, signal, { onEnd: (ended) => lock.leave(ended) });
  await lock.enter(reader, signal);
  // All of its chunks are empty, so this is its end.
  await reader.next(1);
  return results[0] as T;
}

/** The collectors that were given up in the meantime. A gathering is told of them before its scrapes. */
function tooSlow({ health }: SurveyParts, sinceMs: number): string[] {
  const failed = [...health.all].filter(([, { failedAtMs = 0 }]) => failedAtMs >= sinceMs);
  return failed.map(([collector]) => collector);
}

function unavailable(
  { alarm, log }: ScrapeParts,
  thrown: unknown,
  client: Signal,
  deadline: Deadline,
): Survey<never> | undefined {
  const failure = explainFailure(thrown, deadline.signal);
  if (failure === undefined) {
    deadline.clear();
    return undefined;
  }
  if (!failure.isLogged) log.error("Cannot survey the metrics", failure.error);
  if (failure.status !== 503) return { findings: "failed", ...startSending(deadline) };
  // The deadline has passed, so the answer gets one of its own.
  deadline.clear();
  return { findings: "late", ...startSending(startDeadline(FAILURE_TIMEOUT_MS, client, alarm)) };
}
