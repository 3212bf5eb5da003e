import type { FaultReporter } from "../model/gatherer.ts";
import { haveSameElements, labelText, snapshotOf } from "../model/identity.ts";
import { METRIC_TYPES, type Metric, type MetricFamily } from "../model/metric-family.ts";

/** The families of one name. */
type Parts = readonly [MetricFamily, ...MetricFamily[]];

/** The result of joining a list of families. */
interface Join {
  readonly families: readonly MetricFamily[];
  readonly groups: readonly Parts[];
  readonly faults: readonly Parameters<FaultReporter>[];
  /** The families, if none is joined with another: the same list each time. */
  readonly unjoined: readonly MetricFamily[] | undefined;
}

/**
 * Makes a function that joins the families of one name: the metrics of the later follow those of the
 * first, under its help. Skips a family of another type, and one that no format can express. The
 * grouping is cached until the list of families changes.
 */
export function createFamilyJoiner(): (
  families: readonly MetricFamily[],
  report: FaultReporter,
) => readonly MetricFamily[] {
  let last: Join = { families: [], groups: [], faults: [], unjoined: [] };
  return (families, report) => {
    if (!haveSameElements(families, last.families)) last = groupByName(families);
    for (const fault of last.faults) report(...fault);
    if (last.unjoined !== undefined) return last.unjoined;
    return last.groups.map((parts) => (parts.length === 1 ? parts[0] : joined(parts)));
  };
}

function groupByName(families: readonly MetricFamily[]): Join {
  const faults: Parameters<FaultReporter>[] = [];
  const report: FaultReporter = (...fault) => faults.push(fault);
  const byName = new Map<string, [MetricFamily, ...MetricFamily[]]>();
  for (const family of families) {
    if (!isLegalFamily(family, report)) continue;
    const parts = byName.get(family.name);
    if (parts === undefined) byName.set(family.name, [family]);
    else if (parts[0].type === family.type) parts.push(family);
    else report(family.name, `two types, ${parts[0].type} and ${family.type}; kept the first`);
  }
  const groups = [...byName.values()];
  const isUnjoined = groups.every((parts) => parts.length === 1);
  const unjoined = isUnjoined ? Object.freeze(groups.map(([first]) => first)) : undefined;
  return { families: snapshotOf(families), groups, faults, unjoined };
}

/** Users write gatherers, and not all of them have a compiler that checks types. */
function isLegalFamily(family: MetricFamily | null | undefined, report: FaultReporter): boolean {
  const { name, type, help, metrics } = family ?? {};
  if (typeof name !== "string" || name === "") report(shown(name), "the name is not a string");
  else if (!METRIC_TYPES.has(type)) report(name, `the type ${shown(type)} is unknown`);
  else if (typeof help !== "string") report(name, "the help is not a string");
  else if (typeof metrics?.[Symbol.iterator] !== "function") {
    report(name, "the metrics are not a list");
  } else return true;
  return false;
}

function shown(value: unknown): string {
  return labelText(value) ?? typeof value;
}

/** A new family each time: identities of metrics are valid only within their own registry. */
function joined(parts: Parts): MetricFamily {
  const [first] = parts;
  const { name, help, type, unit } = first;
  const aggregator = "aggregator" in first ? first.aggregator : undefined;
  const metrics = { [Symbol.iterator]: () => metricsOf(parts) };
  // All parts have the same type, which decides what kind of metrics they hold.
  return { name, help, type, unit, aggregator, metrics } as MetricFamily;
}

/** The encoders keep the first of two metrics with the same labels. */
function* metricsOf(parts: readonly MetricFamily[]): Generator<Metric, void, undefined> {
  for (const part of parts) yield* part.metrics;
}
