import { settled } from "../abort.ts";
import { isThenable } from "../maybe-promise.ts";
import type { CollectorError, GatherContext, Gatherer, GatherResult } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import { createFamilyJoiner } from "./join-families.ts";

/**
 * Makes one gatherer of several. All are started in one synchronous sweep, and what one throws is
 * an error of its own that costs the others nothing. Families of one name are joined.
 */
export function mergeGatherers(gatherers: readonly Gatherer[]): Gatherer {
  const join = createFamilyJoiner();

  const result = (runs: readonly Run[], context: GatherContext): GatherResult => ({
    families: join(familiesOf(runs), context.report),
    errors: runs.flatMap((run) => errorsOf(run, context)),
  });

  const resultLater = async (runs: readonly Run[], context: GatherContext) => {
    const { signal } = context;
    await settled(
      runs.flatMap(({ pending }) => pending ?? []),
      signal,
    );
    // A gatherer that heeds the signal settles now, with what the others of its collectors gave.
    if (signal.aborted) await new Promise((resolve) => setImmediate(resolve));
    return result(runs, context);
  };

  return {
    gather(context) {
      const startedAt = performance.now();
      const runs = gatherers.map((gatherer, index) => {
        const run = new Run(`gatherer ${index + 1}`, startedAt);
        run.start(gatherer, context);
        return run;
      });
      const isPending = runs.some(({ pending }) => pending !== undefined);
      return isPending ? resultLater(runs, context) : result(runs, context);
    },
  };
}

/** One gatherer at work. */
class Run {
  readonly name: string;
  /** Present where the gatherer is asynchronous. */
  pending: Promise<void> | undefined;
  families: readonly MetricFamily[] | undefined;
  errors: readonly CollectorError[] = [];
  readonly #startedAt: number;

  /** @param startedAt When the sweep began. */
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

/** The list of the only gatherer as it is: whoever sees it again knows that nothing has changed. */
function familiesOf(runs: readonly Run[]): readonly MetricFamily[] {
  const lists = runs.map(({ families }) => families ?? []);
  const [first, ...others] = lists;
  // Copied by `concat()`: to spread a thousand families costs more than to encode some.
  return first !== undefined && others.length === 0
    ? first
    : ([] as MetricFamily[]).concat(...lists);
}

function errorsOf(run: Run, context: GatherContext): readonly CollectorError[] {
  if (run.families !== undefined) return run.errors;
  return [{ collector: run.name, error: context.signal.reason, durationMs: run.durationMs }];
}
