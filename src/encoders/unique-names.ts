import type { FaultReporter } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import { type EscapingScheme, escapeMetricName } from "../model/names.ts";

/**
 * Yields each family with the name it is written under, and leaves out every later one whose name
 * is taken: scrapers reject a second family of one name.
 */
export function* withUniqueNames(
  families: readonly MetricFamily[],
  scheme: EscapingScheme,
  report: FaultReporter,
): Generator<[family: MetricFamily, name: string], void, undefined> {
  const taken = new Set<string>();
  for (const family of families) {
    const name = escapeMetricName(sampleName(family), scheme);
    if (taken.has(name)) {
      report(family.name, `another family is already called ${name}`);
      continue;
    }
    taken.add(name);
    yield [family, name];
  }
}

/** An info is a gauge whose name says what it is (OpenMetrics 1.0, Info). */
function sampleName({ name, type }: MetricFamily): string {
  return type === "info" && !name.endsWith("_info") ? `${name}_info` : name;
}
