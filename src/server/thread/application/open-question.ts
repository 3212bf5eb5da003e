import { LightSignal, OVER } from "../../../abort.ts";
import { ScrapeTimeoutError } from "../../../errors.ts";
import type { GatherContext } from "../../../model/gatherer.ts";
import { selectNames } from "../../../scrape/query/name-filter.ts";
import { NO_PARAMS, type Selection } from "../../../scrape/query/selection.ts";
import type { Answer, Want } from "../messages.ts";

/** How many faults of one gathering are told: each metric of a large family may have one. */
const MAX_FAULTS = 1_000;

/**
 * A question of the server, from when it is read until it is answered. It has two signals, because values are read
 * for a scrape whose collectors are late, and not for one whose client has gone.
 */
export class OpenQuestion {
  /** Aborts when collectors that have not settled are late, and when nobody waits for the answer any longer. */
  readonly gathering: LightSignal = new LightSignal();
  /** Aborts when nobody waits for the answer any longer. */
  readonly all: LightSignal = new LightSignal();
  /** When collectors are late, in milliseconds since the epoch. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  readonly #startedAtMs = Date.now();

  /** Whether nobody waits for the answer any longer. */
  get isOver(): boolean {
    return this.all.aborted;
  }

  /** @param isLate Whether an answer is wanted all the same, without the collectors that are late. */
  abandon(isLate: boolean): void {
    if (isLate) {
      const timeoutMs = Math.max(0, this.deadlineMs - this.#startedAtMs);
      this.gathering.abort(new ScrapeTimeoutError(timeoutMs));
    } else {
      this.gathering.abort(OVER);
      this.all.abort(OVER);
    }
  }
}

/** What a question asks of a gatherer, and what that tells beside its result. */
export class Asked {
  readonly want: Want;
  readonly question: OpenQuestion;
  readonly selection: Selection;
  readonly context: GatherContext;
  /** What was skipped. */
  readonly faults: Answer["faults"][number][] = [];
  /** How long each collector took, where that is asked. */
  readonly durations: Answer["durations"][number][] = [];

  /** @param path Where it is asked. */
  constructor(want: Want, question: OpenQuestion, path: string) {
    const { deadlineMs, pickedSources, wantsDurations } = want;
    const { gathering } = question;
    const { names, isRequested } = selectNames(want.names);
    const params = paramsOf(want.params);
    this.want = want;
    this.question = question;
    this.selection = { key: "", names, isRequested, params };
    this.context = {
      get signal() {
        return gathering.real;
      },
      lightSignal: gathering,
      ...{ deadlineMs, isRequested, path, params, pickedSources, names },
      report: (family, reason) => {
        if (this.faults.length < MAX_FAULTS) this.faults.push([family, reason]);
      },
      onCollected: wantsDurations
        ? (collector, durationMs) => this.durations.push([collector, durationMs])
        : undefined,
    };
  }
}

/** A clone has the prototype of all objects, which has names such as `constructor`. */
function paramsOf(params: GatherContext["params"]): GatherContext["params"] {
  const isEmpty = Object.keys(params).length === 0;
  return isEmpty ? NO_PARAMS : Object.freeze(Object.assign(Object.create(null), params));
}
