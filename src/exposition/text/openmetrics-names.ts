import type { MetricFamily, MetricType } from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import { NameSet, uniquelyNamed } from "../family-names.ts";
import type { SkippedFamily } from "./encode.ts";

/** A family as it appears in OpenMetrics. */
export interface NamedFamily {
  readonly family: MetricFamily;
  /** The family's name there, escaped: without `_total` for a counter, without `_info` for an info. */
  readonly name: string;
  readonly type: MetricType;
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
 * Decides the name and type of each family in OpenMetrics, so that no two clash.
 *
 * Text and OpenMetrics must name their samples alike. So a counter that does not end in `_total` gets
 * the type `unknown`. So does a counter or an info whose shorter family name, such as the `x` of
 * `x_total`, clashes with another family. Of families that still clash only the first is served.
 */
export function nameFamilies(
  families: readonly MetricFamily[],
  scheme: EscapingScheme,
): { readonly named: readonly NamedFamily[]; readonly skipped: readonly SkippedFamily[] } {
  const skipped: SkippedFamily[] = [];
  const unique = uniquelyNamed(families, scheme, (name, reason) => skipped.push({ name, reason }));
  const candidates = Array.from(unique, ([family, fullName]) => ({
    fullName,
    ideal: idealName(family, fullName),
  }));
  const contested = namesOfMany(candidates.map(({ ideal }) => ideal));

  const named: NamedFamily[] = [];
  const names = new NameSet();
  for (const { ideal, fullName } of candidates) {
    const candidate = avoidClash(ideal, fullName, contested);
    const clash = names.add(reservedNames(candidate));
    if (clash === undefined) named.push(candidate);
    else {
      skipped.push({
        name: candidate.family.name,
        reason: `OpenMetrics reserves the name ${clash} for another family`,
      });
    }
  }
  return { named, skipped };
}

/** The name and type of a family that is the only one. */
function idealName(family: MetricFamily, fullName: string): NamedFamily {
  const { type } = family;
  if (type !== "counter" && type !== "info") return { family, name: fullName, type };
  const suffix = type === "counter" ? "_total" : "_info";
  const isShortened = fullName.endsWith(suffix) && fullName !== suffix;
  return isShortened
    ? { family, name: fullName.slice(0, -suffix.length), type }
    : { family, name: fullName, type: "unknown" };
}

/** Restores the full name of a family whose shortened name is contested, at the cost of its type. */
function avoidClash(
  ideal: NamedFamily,
  fullName: string,
  contested: ReadonlySet<string>,
): NamedFamily {
  const isShortened = ideal.name !== fullName;
  if (!isShortened || !reservedNames(ideal).some((name) => contested.has(name))) return ideal;
  return { family: ideal.family, name: fullName, type: "unknown" };
}

/** The names that more than one family reserves. */
function namesOfMany(named: readonly NamedFamily[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const name of named.flatMap(reservedNames)) {
    if (seen.has(name)) repeated.add(name);
    seen.add(name);
  }
  return repeated;
}

function reservedNames({ name, type }: NamedFamily): string[] {
  return SUFFIXES[type].map((suffix) => name + suffix);
}
