import type { FaultReporter } from "../model/gatherer.ts";
import { haveSameElements, labelsKey, snapshotOf } from "../model/identity.ts";
import type { Metric, MetricFamily } from "../model/metric-family.ts";

const TYPES: ReadonlySet<unknown> = new Set<MetricFamily["type"]>([
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "stateset",
  "info",
  "summary",
  "unknown",
]);

/** The families of one name. */
type Parts = readonly [MetricFamily, ...MetricFamily[]];

/** What became of some families. */
interface Join {
  readonly families: readonly MetricFamily[];
  readonly groups: readonly Parts[];
  readonly faults: readonly Parameters<FaultReporter>[];
  /** The families, where none has to be joined with another: the same list each time. */
  readonly alone: readonly MetricFamily[] | undefined;
}

/**
 * Makes a function that joins the families of one name: the metrics of the later follow those of the
 * first, under the first one's help. A family of another type, or one that no format has a place
 * for, is left out. What belongs together is found out anew only for other families than last time.
 */
export function createFamilyJoiner(): (
  families: readonly MetricFamily[],
  report: FaultReporter,
) => readonly MetricFamily[] {
  let last: Join = { families: [], groups: [], faults: [], alone: [] };
  return (families, report) => {
    if (!haveSameElements(families, last.families)) last = groupByName(families);
    for (const fault of last.faults) report(...fault);
    if (last.alone !== undefined) return last.alone;
    return last.groups.map((parts) => (parts.length === 1 ? parts[0] : joined(parts, report)));
  };
}

function groupByName(families: readonly MetricFamily[]): Join {
  const faults: Parameters<FaultReporter>[] = [];
  const report: FaultReporter = (...fault) => faults.push(fault);
  const byName = new Map<string, [MetricFamily, ...MetricFamily[]]>();
  for (const family of families) {
    if (!isLegal(family, report)) continue;
    const parts = byName.get(family.name);
    if (parts === undefined) byName.set(family.name, [family]);
    else if (parts[0].type === family.type) parts.push(family);
    else report(family.name, `it is a ${parts[0].type} and a ${family.type}: the first was kept`);
  }
  const groups = [...byName.values()];
  const isAlone = groups.every((parts) => parts.length === 1);
  const alone = isAlone ? Object.freeze(groups.map(([first]) => first)) : undefined;
  return { families: snapshotOf(families), groups, faults, alone };
}

/** Gatherers are written by users, not all of whom have a compiler to check their types. */
function isLegal({ name, type, help }: MetricFamily, report: FaultReporter): boolean {
  if (typeof name !== "string" || name === "") report(String(name), "the name is not a string");
  else if (!TYPES.has(type)) report(name, `the type ${String(type)} is not known`);
  else if (typeof help !== "string") report(name, "the help is not a string");
  else return true;
  return false;
}

/** A new family each time: its metrics' identities hold within their own registry alone. */
function joined(parts: Parts, report: FaultReporter): MetricFamily {
  const [{ name, help, type, unit }] = parts;
  const metrics = { [Symbol.iterator]: () => uniqueMetrics(parts, report) };
  // All parts have one type, and the type decides what kind of metrics they hold.
  return { name, help, type, unit, metrics } as MetricFamily;
}

/** Of two metrics with the same labels the first: a scraper would drop the second, or the first. */
function* uniqueMetrics(
  parts: readonly MetricFamily[],
  report: FaultReporter,
): Generator<Metric, void, undefined> {
  const seen = new Set<string>();
  for (const part of parts) {
    for (const metric of part.metrics) {
      const key = labelsKey(metric.labels);
      if (seen.has(key)) report(part.name, "two registries have it with the same labels");
      else yield metric;
      seen.add(key);
    }
  }
}
