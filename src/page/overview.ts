import type { Signal } from "../abort.ts";
import { ChunkReader } from "../exposition/chunk-reader.ts";
import type { Log } from "../log.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Alarm } from "../scrape/alarm.ts";
import { type Deadline, startDeadline } from "../scrape/deadline.ts";
import { explainFailure, FAILURE_TIMEOUT_MS } from "../scrape/failure.ts";
import type { Gathering } from "../scrape/gather-cycle.ts";
import type { UpdateLock } from "../scrape/update-lock.ts";
import { type FamilySizes, measureFamilies } from "./measure-families.ts";

/** What a process exports at the moment, for a person to read. */
export interface Overview {
  readonly sizes: FamilySizes;
  /** The collectors that failed, and the families that could not be read. */
  readonly failed: readonly string[];
  /** Whether the application has declared that its metrics cannot be trusted. */
  readonly isFailing: boolean;
}

/**
 * Why there is no overview: too many are being made, the collectors are not done in time, or
 * something threw.
 */
export type Unavailable = "busy" | "late" | "failed";

/** Sends an overview; it must stop when the signal aborts. */
type RespondWithOverview = (overview: Overview | Unavailable, signal: Signal) => Promise<void>;

/**
 * Answers one request with an overview. It rejects with what `respond` rejects with, unless the
 * client has gone.
 *
 * @param client Aborts when the client has gone.
 */
export type AnswerOverview = (client: Signal, respond: RespondWithOverview) => Promise<void>;

/** What overviews are made with. */
export interface OverviewContext {
  /** Runs the collectors, and gives all families that a scrape would give. */
  readonly collect: (deadline: Deadline) => MaybePromise<Gathering>;
  readonly isFailing: () => boolean;
  /** Whether the gathering logs itself why collectors have failed. */
  readonly isLogged: boolean;
  readonly timeoutMs: number;
  readonly alarm: Alarm;
  readonly lock: UpdateLock;
  readonly log: Log;
}

/**
 * How many overviews may be in the making. It is a limit of its own, so that people who look at a
 * process never turn its scrapers away.
 */
const MAX_AT_ONCE = 4;

const NO_SIZES: FamilySizes = { largest: [], total: { families: 0, labelSets: 0, series: 0 } };

/**
 * Makes what answers with overviews. One is made as a scrape is: in the same time, in turns with the
 * event loop, and from the same run of the collectors where one is under way. No value is encoded.
 */
export function createOverview(context: OverviewContext): AnswerOverview {
  const { log, timeoutMs, alarm } = context;
  let making = 0;

  const make = async (deadline: Deadline): Promise<Overview | Unavailable> => {
    if (making >= MAX_AT_ONCE) return "busy";
    making++;
    try {
      return await takeOverview(context, deadline);
    } catch (thrown) {
      const failure = explainFailure(thrown, deadline.signal);
      if (failure === undefined) throw thrown;
      log.error("The page with an overview of the metrics could not be made", failure.error);
      return failure.status === 503 ? "late" : "failed";
    } finally {
      making--;
    }
  };

  return async (client, respond) => {
    const deadline = startDeadline(timeoutMs, client, alarm);
    try {
      const overview = await make(deadline);
      if (overview === "late") await respondLate(client, respond, alarm);
      else await respond(overview, deadline.signal);
    } catch (error) {
      // Nobody is there to be answered.
      if (!client.aborted) throw error;
    } finally {
      deadline.clear();
    }
  };
}

async function takeOverview(
  { collect, isFailing, isLogged, lock, log }: OverviewContext,
  deadline: Deadline,
): Promise<Overview> {
  const { families, errors } = await collect(deadline);
  const failed = new Set<string>();
  for (const { collector, error } of errors) {
    failed.add(collector);
    if (!isLogged) log.error(`The collector of "${collector}" failed`, error);
  }
  const sizes = await measured(families, deadline, lock, (family, error) => {
    failed.add(family);
    log.error(`The metric family "${family}" cannot be read`, error);
  });
  return { sizes, failed: [...failed], isFailing: isFailing() };
}

/** Measures families in turns with the event loop, while no update is under way. */
async function measured(
  families: readonly MetricFamily[],
  { signal }: Deadline,
  lock: UpdateLock,
  onFailure: (family: string, error: unknown) => void,
): Promise<FamilySizes> {
  let sizes = NO_SIZES;
  const steps = (function* () {
    sizes = yield* measureFamilies(families, onFailure);
  })();
  const reading = new ChunkReader(steps, signal, { onEnd: (ended) => lock.leave(ended) });
  await lock.enter(reading, signal);
  // All of its chunks are pauses, so this is its end.
  await reading.next(1);
  return sizes;
}

/** The deadline of the overview has passed, so its answer has one of its own. */
async function respondLate(
  client: Signal,
  respond: RespondWithOverview,
  alarm: Alarm,
): Promise<void> {
  const deadline = startDeadline(FAILURE_TIMEOUT_MS, client, alarm);
  try {
    await respond("late", deadline.signal);
  } finally {
    deadline.clear();
  }
}
