import type { FaultReporter } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import { type EscapingScheme, escapeMetricName } from "../model/names.ts";

/**
 * Pairs each family with its full name, escaped.
 *
 * Left out, and reported, is every family whose name is empty or already taken, which escaping can
 * bring about: a second `# TYPE` line is an error.
 */
export function* uniquelyNamed(
  families: readonly MetricFamily[],
  scheme: EscapingScheme,
  report: FaultReporter,
): Generator<[family: MetricFamily, name: string], void, undefined> {
  const taken = new Set<string>();
  for (const family of families) {
    if (family.name === "") {
      report(family.name, "a family has no name");
      continue;
    }
    const name = escapeMetricName(fullName(family), scheme);
    if (taken.has(name)) {
      report(family.name, `another family is already called ${name}`);
      continue;
    }
    taken.add(name);
    yield [family, name];
  }
}

/** The name of an info says what it is (OpenMetrics 1.0, Info). */
function fullName({ name, type }: MetricFamily): string {
  return type === "info" && !name.endsWith("_info") ? `${name}_info` : name;
}
