import type { FaultReporter } from "../model/gatherer.ts";
import type { MetricFamily, MetricType } from "../model/metric-family.ts";
import { type EscapingScheme, escapeMetricName } from "../model/names.ts";

/** What each type adds to its family's name for the names of its samples. */
type Suffixes = Readonly<Partial<Record<MetricType, readonly string[]>>>;

const HISTOGRAM_SUFFIXES = ["", "_bucket", "_sum", "_count"];

/** The suffixes of the text format; scrapers give protobuf the same. */
export const TEXT_SUFFIXES: Suffixes = {
  histogram: HISTOGRAM_SUFFIXES,
  gaugehistogram: HISTOGRAM_SUFFIXES,
  summary: ["", "_sum", "_count"],
};

/**
 * Pairs each family with its full name, escaped.
 *
 * Skips and reports a family whose name is empty, or already taken (escaping can make two names
 * equal): a second `# TYPE` line would be an error. With `suffixes`, the same holds for the names of
 * samples: readers of Go's expfmt reject an exposition with a histogram `x` and a family `x_count`, and
 * in any order their lines may be one series (Prometheus, Exposition formats).
 */
export function* uniquelyNamed(
  families: readonly MetricFamily[],
  scheme: EscapingScheme,
  report: FaultReporter,
  suffixes: Suffixes = {},
): Generator<[family: MetricFamily, name: string], void, undefined> {
  const taken = new Set<string>();
  const names = new NameSet();
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
    const clash = names.add(suffixes[family.type]?.map((suffix) => name + suffix) ?? [name]);
    if (clash !== undefined) {
      report(family.name, `another family has samples called ${clash}`);
      continue;
    }
    taken.add(name);
    yield [family, name];
  }
}

/** The names that families have taken for themselves and their samples. */
export class NameSet {
  readonly #taken = new Set<string>();

  /** Takes the names of one family, all or none; returns one that another family has, if any. */
  add(names: readonly string[]): string | undefined {
    const clash = names.find((name) => this.#taken.has(name));
    if (clash === undefined) for (const name of names) this.#taken.add(name);
    return clash;
  }
}

/** The name of an info says what it is (OpenMetrics 1.0, Info). */
function fullName({ name, type }: MetricFamily): string {
  return type === "info" && !name.endsWith("_info") ? `${name}_info` : name;
}
