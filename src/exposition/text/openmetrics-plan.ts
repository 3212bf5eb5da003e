import type { MetricFamily, MetricType } from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import { uniquelyNamed } from "../family-names.ts";
import type { LeftOutFamily } from "./encode.ts";

/** How a family appears in OpenMetrics. */
export interface PlannedFamily {
  readonly family: MetricFamily;
  /** The family's name there, escaped: without `_total` for a counter, without `_info` for an info. */
  readonly name: string;
  readonly type: MetricType;
}

/** What becomes of each family. */
export interface OpenMetricsPlan {
  readonly planned: readonly PlannedFamily[];
  readonly leftOut: readonly LeftOutFamily[];
}

/**
 * The suffixes that a type adds to its family's name. No other family may have such a name, used
 * or not.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/#suffixes
 */
const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ["", "_total", "_created"],
  gauge: [""],
  unknown: [""],
  info: ["", "_info"],
  stateset: [""],
  histogram: ["", "_count", "_sum", "_bucket", "_created"],
  gaugehistogram: ["", "_gcount", "_gsum", "_bucket"],
  summary: ["", "_count", "_sum", "_created"],
};

/**
 * Decides how families appear in OpenMetrics, so that none clashes with another.
 *
 * Text and OpenMetrics must name their samples alike. So a counter that does not end in `_total`
 * appears as of unknown type, and so does a counter or an info whose shorter family name, such as
 * the `x` of `x_total`, touches another family. Of families that still clash the first remains.
 */
export function planFamilies(
  families: readonly MetricFamily[],
  scheme: EscapingScheme,
): OpenMetricsPlan {
  const leftOut: LeftOutFamily[] = [];
  const named = uniquelyNamed(families, scheme, (name, reason) => leftOut.push({ name, reason }));
  const candidates = [...named].map(([family, fullName]) => ({
    fullName,
    ideal: planIdeally(family, fullName),
  }));
  const contested = namesOfMany(candidates.map(({ ideal }) => ideal));

  const planned: PlannedFamily[] = [];
  const taken = new Set<string>();
  for (const { ideal, fullName } of candidates) {
    const plan = avoidClash(ideal, fullName, contested);
    const reserved = reservedNames(plan);
    const clash = reserved.find((name) => taken.has(name));
    if (clash !== undefined) {
      leftOut.push({
        name: plan.family.name,
        reason: `OpenMetrics reserves the name ${clash} for another family`,
      });
      continue;
    }
    for (const name of reserved) taken.add(name);
    planned.push(plan);
  }
  return { planned, leftOut };
}

/** How a family would appear if it were alone. */
function planIdeally(family: MetricFamily, fullName: string): PlannedFamily {
  const { type } = family;
  if (type !== "counter" && type !== "info") return { family, name: fullName, type };
  const suffix = type === "counter" ? "_total" : "_info";
  const isShortened = fullName.endsWith(suffix) && fullName !== suffix;
  return isShortened
    ? { family, name: fullName.slice(0, -suffix.length), type }
    : { family, name: fullName, type: "unknown" };
}

/** Lets a family whose shortened name is contested keep its full name, at the price of its type. */
function avoidClash(
  ideal: PlannedFamily,
  fullName: string,
  contested: ReadonlySet<string>,
): PlannedFamily {
  const isShortened = ideal.name !== fullName;
  if (!isShortened || !reservedNames(ideal).some((name) => contested.has(name))) return ideal;
  return { family: ideal.family, name: fullName, type: "unknown" };
}

/** The names that more than one family reserves. */
function namesOfMany(planned: readonly PlannedFamily[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const name of planned.flatMap(reservedNames)) {
    if (seen.has(name)) repeated.add(name);
    seen.add(name);
  }
  return repeated;
}

function reservedNames({ name, type }: PlannedFamily): string[] {
  return SUFFIXES[type].map((suffix) => name + suffix);
}
