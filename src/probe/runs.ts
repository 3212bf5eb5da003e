import type { Deadline } from "../scrape/deadline.ts";
import { UnavailableError } from "../scrape/failure.ts";
import { type Ask, placeOf } from "./ask.ts";
import { Run, type RunParts } from "./run.ts";
import { Slots } from "./slots.ts";

/** How many runs may ask the same host and port at once. */
const DEFAULT_PER_TARGET = 1;

/**
 * The runs of a probe: equal requests that wait at the same time share one, and each target has a bound of
 * runs. Nothing is remembered of a target when its last run is over.
 */
export class Runs {
  readonly #parts: RunParts;
  readonly #slots: Slots;
  /** Those that may be joined, by the key of what they were asked. */
  readonly #shared = new Map<string, Run>();
  readonly #all = new Set<Run>();

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#slots = new Slots(parts.probe.maxPerTarget ?? DEFAULT_PER_TARGET);
  }

  /** Joins a run that others wait for, or begins one. Its `families()` must be called at once. */
  join(ask: Ask, deadline: Deadline): Run {
    const shared = this.#shared.get(ask.key);
    if (shared?.suits(deadline)) {
      shared.admit(deadline);
      return shared;
    }
    let leave = () => {};
    const run: Run = new Run(ask, this.#parts, (settled) => {
      this.#all.delete(run);
      if (this.#shared.get(ask.key) === run) this.#shared.delete(ask.key);
      void settled.then(() => leave());
    });
    run.admit(deadline);
    this.#all.add(run);
    this.#shared.set(ask.key, run);
    leave = this.#slots.take(placeOf(ask.target), () => run.start());
    return run;
  }

  /** Stops all that run or wait. */
  stop(): void {
    for (const run of this.#all) run.stop(new UnavailableError("The probe was closed"));
  }
}
