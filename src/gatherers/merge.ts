import type { CollectorError, GatherContext, Gatherer, GatherResult } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import { createFamilyJoiner } from "./join-families.ts";
import { settled } from "./settled.ts";

/**
 * Makes one gatherer of several. All are started in one synchronous sweep, and what one throws is
 * an error of its own that costs the others nothing. Families of one name are joined.
 */
export function mergeGatherers(gatherers: readonly Gatherer[]): Gatherer {
  const join = createFamilyJoiner();
  return {
    async gather(context) {
      const { report, signal } = context;
      const startedAt = performance.now();
      const runs = gatherers.map((gatherer, index) => start(gatherer, index, context, startedAt));
      await settled(
        runs.map(({ done }) => done),
        signal,
      );
      // A gatherer that heeds the signal settles now, with what the others of its collectors gave.
      if (signal.aborted) await new Promise((resolve) => setImmediate(resolve));
      // Copied by `concat()`: to spread a thousand families costs more than to encode some.
      const families = ([] as MetricFamily[]).concat(
        ...runs.map(({ result }) => result?.families ?? []),
      );
      return {
        families: join(families, report),
        errors: runs.flatMap((run) => errorsOf(run, signal, performance.now() - startedAt)),
      };
    },
  };
}

interface Gathered extends GatherResult {
  readonly families: readonly MetricFamily[];
}

interface Run {
  readonly name: string;
  readonly done: Promise<void>;
  result?: Gathered;
  failure?: { readonly error: unknown; readonly durationMs: number };
}

/** @param startedAt When the sweep began. */
function start(gatherer: Gatherer, index: number, context: GatherContext, startedAt: number): Run {
  const run: Run = {
    name: `gatherer ${index + 1}`,
    done: gather(gatherer, context).then(
      (result) => {
        run.result = result;
      },
      (error: unknown) => {
        run.failure = { error, durationMs: performance.now() - startedAt };
      },
    ),
  };
  return run;
}

/** An asynchronous function, so that what `gather()` throws at once becomes a rejection. */
async function gather(gatherer: Gatherer, context: GatherContext): Promise<Gathered> {
  const { families, errors } = await gatherer.gather(context);
  return { families: Array.isArray(families) ? families : [...families], errors };
}

function errorsOf(
  { name, result, failure }: Run,
  signal: AbortSignal,
  durationMs: number,
): readonly CollectorError[] {
  if (failure !== undefined) return [{ collector: name, ...failure }];
  if (result === undefined) return [{ collector: name, error: signal.reason, durationMs }];
  return result.errors ?? [];
}
