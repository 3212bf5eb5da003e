import { settled } from "../abort.ts";
import { isThenable } from "../maybe-promise.ts";
import type { CollectorError, GatherContext, Gatherer, GatherResult } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import { nextTurn } from "../timers.ts";
import { createFamilyJoiner } from "./join-families.ts";

/**
 * Makes one gatherer of several. All start in one synchronous sweep. If one throws, that is an error
 * in the result, and the others are unaffected. Families of one name are joined.
 *
 * @param sources What each of them gathers from.
 * @param names What each of them is called where it fails itself.
 */
export function mergeGatherers(
  gatherers: readonly Gatherer[],
  sources: readonly object[] = gatherers,
  names?: readonly string[],
): Gatherer {
  const join = createFamilyJoiner();

  const result = (runs: readonly Run[], context: GatherContext): GatherResult => ({
    families: join(familiesOf(runs), context.report),
    errors: runs.flatMap((run) => errorsOf(run, context)),
  });

  const resultLater = async (runs: readonly Run[], context: GatherContext) => {
    const signal = context.lightSignal ?? context.signal;
    await settled(
      runs.flatMap(({ pending }) => pending ?? []),
      signal,
    );
    // A gatherer that observes the signal settles now, with the results of its other collectors.
    if (signal.aborted) await nextTurn();
    return result(runs, context);
  };

  return {
    params: paramsOf(gatherers),
    gather(context) {
      const startedAt = performance.now();
      const runs = gatherers.flatMap((gatherer, index) => {
        if (context.isCounted?.(sources[index] ?? gatherer) === false) return [];
        const isTimed = context.onCollected !== undefined;
        const run = new Run(
          names?.[index] ?? `gatherer ${index + 1}`,
          isTimed ? performance.now() : startedAt,
        );
        run.start(gatherer, context);
        return run;
      });
      const isPending = runs.some(({ pending }) => pending !== undefined);
      const mayWait = context.mayWait ?? !context.isFinal;
      return isPending && mayWait ? resultLater(runs, context) : result(runs, context);
    },
  };
}

/** The parameters that any of them declares. */
export function paramsOf(gatherers: readonly Gatherer[]): readonly string[] {
  return gatherers.flatMap(({ params = [] }) => params);
}

/** One running gatherer. */
class Run {
  readonly name: string;
  /** Set if the gatherer is asynchronous. */
  pending: Promise<void> | undefined;
  families: readonly MetricFamily[] | undefined;
  errors: readonly CollectorError[] = [];
  readonly #startedAt: number;

  /** @param startedAt When the sweep began, or this gatherer in it. */
  constructor(name: string, startedAt: number) {
    this.name = name;
    this.#startedAt = startedAt;
  }

  get durationMs(): number {
    return performance.now() - this.#startedAt;
  }

  start(gatherer: Gatherer, context: GatherContext): void {
    try {
      const result = gatherer.gather(context);
      if (!isThenable(result)) this.#take(result);
      else {
        this.pending = Promise.resolve(result)
          .then((settled) => this.#take(settled))
          .catch((error: unknown) => this.#fail(error));
      }
    } catch (error) {
      this.#fail(error);
    }
    const { onCollected } = context;
    if (onCollected !== undefined && !gatherer.hasCollectors) this.#reportTo(onCollected);
  }

  #reportTo(onCollected: NonNullable<GatherContext["onCollected"]>): void {
    const report = () => onCollected(this.name, this.durationMs);
    if (this.pending === undefined) report();
    else void this.pending.then(report);
  }

  #take({ families, errors = [] }: GatherResult): void {
    this.families = Array.isArray(families) ? families : [...families];
    this.errors = errors;
  }

  #fail(error: unknown): void {
    this.families = [];
    this.errors = [{ collector: this.name, error, durationMs: this.durationMs }];
  }
}

/** The list of a single gatherer is passed on as it is: the same list means that nothing changed. */
function familiesOf(runs: readonly Run[]): readonly MetricFamily[] {
  const lists = runs.map(({ families }) => families ?? []);
  const [first, ...others] = lists;
  // `concat()`, because spreading a thousand families costs more than encoding some.
  return first !== undefined && others.length === 0
    ? first
    : ([] as MetricFamily[]).concat(...lists);
}

function errorsOf(run: Run, context: GatherContext): readonly CollectorError[] {
  if (run.families !== undefined) return run.errors;
  return [{ collector: run.name, error: context.signal.reason, durationMs: run.durationMs }];
}
