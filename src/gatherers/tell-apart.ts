import { isThenable } from "../maybe-promise.ts";
import {
  type CollectorError,
  type GatherContext,
  type Gatherer,
  type GatherResult,
  nameOf,
  type SourceHealth,
} from "../model/gatherer.ts";
import { mergeGatherers, paramsOf } from "./merge.ts";

/** How long each source took that ran in a gathering, in milliseconds. */
type Durations = Map<string, number>;

/**
 * Merges gatherers each of which is told only what concerns it: the parameters that it declares, and whether a
 * scrape picks its source. It is loaded where sources have names, and where there are parameters beside other
 * gatherers.
 *
 * @param sources What each of them gathers from.
 * @param names The names of the sources; absent where they have none.
 */
export function tellApart(
  gatherers: readonly Gatherer[],
  sources: readonly object[],
  names: readonly string[] = [],
): Gatherer {
  const running = new WeakMap<GatherContext, Durations>();
  const parts = gatherers.map((gatherer, index) => {
    const name = names[index];
    return name === undefined
      ? withOwnParams(gatherer)
      : new NamedSource(name, withOwnParams(gatherer), running);
  });
  const merged = mergeGatherers(parts, sources, names);
  const healthOf = createHealthTaker(names);
  return {
    params: paramsOf(gatherers),
    sourceNames: names,
    gather(context) {
      const durations: Durations = new Map();
      running.set(context, durations);
      const report = ({ families, errors: given = [] }: GatherResult): GatherResult => {
        if (names.length === 0) return { families, errors: given };
        // What a source throws, and that it has not settled, is told in the name of the source.
        const errors = given.map((error) => ({ source: error.collector, ...error }));
        return { families, errors, sources: healthOf(durations, errors) };
      };
      const result = merged.gather(context);
      return isThenable(result) ? result.then(report) : report(result);
    },
  };
}

/** Hides the parameters that a gatherer does not declare. */
function withOwnParams(gatherer: Gatherer): Gatherer {
  const { params: declared = [], hasCollectors = false } = gatherer;
  return {
    hasCollectors,
    gather(context) {
      const given = Object.entries(context.params);
      const own = given.filter(([name]) => declared.includes(name));
      if (own.length === given.length) return gatherer.gather(context);
      const params = Object.assign(Object.create(null), Object.fromEntries(own));
      return gatherer.gather(changed(context, { params: Object.freeze(params) }));
    },
  };
}

/** Makes another context. It is not spread, because to read its signal makes a real one. */
function changed(context: GatherContext, changes: Partial<GatherContext>): GatherContext {
  const { getOwnPropertyDescriptors: describe } = Object;
  return Object.defineProperties({} as GatherContext, {
    ...describe(context),
    ...describe(changes),
  });
}

const NOTHING: GatherResult = { families: [] };

/** One source that has a name. */
class NamedSource implements Gatherer {
  /** It reports itself, too. */
  readonly hasCollectors = true;
  readonly #name: string;
  readonly #gatherer: Gatherer;
  readonly #running: WeakMap<GatherContext, Durations>;

  constructor(name: string, gatherer: Gatherer, running: WeakMap<GatherContext, Durations>) {
    this.#name = name;
    this.#gatherer = gatherer;
    this.#running = running;
  }

  gather(context: GatherContext): ReturnType<Gatherer["gather"]> {
    const { pickedSources, onCollected } = context;
    const name = this.#name;
    if (pickedSources?.has(name) === false) return NOTHING;
    const startedAt = performance.now();
    const finish = ({ families, errors }: GatherResult): GatherResult => {
      const durationMs = performance.now() - startedAt;
      this.#running.get(context)?.set(name, durationMs);
      onCollected?.(name, durationMs);
      return { families, errors: errors?.map((error) => ({ ...error, source: name })) };
    };
    const own = onCollected && {
      onCollected: (collector: string, durationMs: number) =>
        onCollected(nameOf(collector, name), durationMs),
    };
    const result = this.#gatherer.gather(own === undefined ? context : changed(context, own));
    return isThenable(result) ? result.then(finish) : finish(result);
  }
}

/** Makes the function that says how the sources did that ran. */
function createHealthTaker(names: readonly string[]) {
  const failures = new Map<string, number>();
  return (durations: Durations, errors: readonly CollectorError[]): readonly SourceHealth[] =>
    names.flatMap((name) => {
      const failed = errors.filter(({ source }) => source === name);
      const durationMs = durations.get(name) ?? failed[0]?.durationMs;
      if (durationMs === undefined) return [];
      if (failed.length > 0) failures.set(name, Date.now());
      return {
        collector: name,
        labels: { collector: name },
        success: failed.length > 0 ? 0 : 1,
        durationSeconds: durationMs / 1_000,
        failedAtMs: failures.get(name),
        isSource: true,
      };
    });
}
