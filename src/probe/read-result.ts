import { gathererOf } from "../gatherers/gatherer-of.ts";
import type { FaultReporter, GatherContext, Gatherer, Registry } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import { accept } from "../scrape/gather-cycle.ts";
import { NO_PARAMS } from "../scrape/query/selection.ts";

/** The registries that runs have returned. */
const used = new WeakSet<object>();

/**
 * Reads what a probe has returned, and runs the collectors of a registry.
 *
 * @throws {TypeError} For what is neither families nor a registry, for a family that no format can express,
 *   and for a registry that another run has returned.
 * @throws {GatherError} When a collector of a registry fails.
 */
export async function readResult(
  result: unknown,
  { report, ...context }: Pick<GatherContext, "signal" | "deadlineMs" | "lightSignal" | "report">,
): Promise<readonly MetricFamily[]> {
  const faults: string[] = [];
  let isGathering = true;
  // What is wrong with a family as such fails the probe; with one of its metrics, costs that metric.
  const reportLater: FaultReporter = (family, reason) => {
    if (isGathering) faults.push(`Metric family "${family}": ${reason}`);
    else report(family, reason);
  };
  const { families, errors = [] } = await gathererFor(result).gather({
    ...context,
    report: reportLater,
    isRequested: () => true,
    path: undefined,
    params: NO_PARAMS,
  });
  isGathering = false;
  if (faults.length > 0) throw new TypeError(faults[0]);
  return accept({ families: [...families], errors }, "fail");
}

function gathererFor(result: unknown): Gatherer {
  if (Array.isArray(result)) {
    const families = result.map(repeatable);
    return gathererOf({ gather: () => ({ families }) });
  }
  let gatherer: Gatherer;
  try {
    // Cast: it throws for anything else. In a list it may not be an object of sources by their names, which
    // would hide whether a registry among them is new.
    gatherer = gathererOf([result as Registry]);
  } catch (cause) {
    throw new TypeError("A probe must return an array of metric families, or a registry", {
      cause,
    });
  }
  if (used.has(result as Registry)) {
    throw new TypeError("A probe must make a registry for each run: this one mixes targets");
  }
  used.add(result as Registry);
  return gatherer;
}

/** Copies metrics that can be read only once, as those of a generator: several answers may read them. */
function repeatable(family: MetricFamily): MetricFamily {
  const metrics: Partial<MetricFamily["metrics"]> | undefined = family?.metrics;
  if (typeof metrics?.[Symbol.iterator] !== "function") return family;
  const isOnce = family.metrics[Symbol.iterator]() === metrics;
  return isOnce ? Object.create(family, { metrics: { value: [...family.metrics] } }) : family;
}
