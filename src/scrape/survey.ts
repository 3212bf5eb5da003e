import type { Signal } from "../abort.ts";
import { ChunkReader } from "../exposition/chunk-reader.ts";
import type { ScrapeParts } from "./answer.ts";
import { type Deadline, startDeadline, startSending } from "./deadline.ts";
import type { Findings, Survey, TakeSurvey, Visit } from "./exchange.ts";
import { blameOn, explainFailure, FAILURE_TIMEOUT_MS } from "./failure.ts";
import { EVERY_NAME } from "./name-filter.ts";
import type { UpdateLock } from "./update-lock.ts";

/** How many surveys may run at once: a separate limit, so that they never take the slot of a scrape. */
const MAX_AT_ONCE = 4;

/**
 * Makes the function that takes surveys. A survey has the time of a scrape, shares the collectors' run
 * with scrapes, and reads in slices of the event loop; it is not counted as a scrape.
 */
export function createSurvey(parts: ScrapeParts): TakeSurvey {
  let running = 0;
  return async (client, visit) => {
    const deadline = startDeadline(parts.options.timeoutMs, client, parts.alarm);
    if (running >= MAX_AT_ONCE) return { findings: "busy", ...startSending(deadline) };
    running++;
    try {
      const findings = await findingsOf(parts, deadline, visit);
      return { findings, ...startSending(deadline) };
    } catch (thrown) {
      return unavailable(parts, thrown, client, deadline);
    } finally {
      running--;
    }
  };
}

async function findingsOf<T>(
  { cycle, status, ownFamilies, lock }: ScrapeParts,
  deadline: Deadline,
  visit: Visit<T>,
): Promise<Findings<T>> {
  const { families, errors } = status.isFailing
    ? { families: [], errors: [] }
    : await blameOn("gathering", () => cycle.collect(deadline, EVERY_NAME));
  const result = await inSlices(visit([...families, ...ownFamilies()]), deadline.signal, lock);
  return {
    result,
    failed: errors.map(({ collector }) => collector),
    isFailing: status.isFailing,
  };
}

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
