import type { MetricType } from "../../model/metric-family.ts";
import { EVERYTHING, type Selection } from "./selection.ts";

/** The suffixes of sample names, in any format, beside the name of the family. */
const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: [],
  gauge: [],
  unknown: [],
  stateset: [],
  info: ["_info"],
  histogram: ["_bucket", "_sum", "_count"],
  gaugehistogram: ["_bucket", "_sum", "_count", "_gsum", "_gcount"],
  summary: ["_sum", "_count"],
};

/** Makes the function that tells whether one of `names` is that of a family, or of a sample in it. */
export function nameFilter(names: ReadonlySet<string>): Selection["isRequested"] {
  return (name, type) =>
    names.has(name) ||
    SUFFIXES[type].some((suffix) => names.has(name + suffix)) ||
    // OpenMetrics names a counter and an info without their suffix.
    (type === "counter" && name.endsWith("_total") && names.has(name.slice(0, -6))) ||
    (type === "info" && name.endsWith("_info") && names.has(name.slice(0, -5)));
}

/** Asks for the families that a scrape of these names would get; for all of them without names. */
export function selectNames(names: readonly string[] | undefined): Selection {
  return names === undefined ? EVERYTHING : select({ names });
}

/**
 * Makes a selection of what is given. Whatever is absent selects everything.
 *
 * @param picked The names of the sources that are picked, in the order of the sources.
 */
export function select({
  names,
  picked,
  params = EVERYTHING.params,
}: {
  readonly names?: Iterable<string> | undefined;
  readonly picked?: readonly string[] | undefined;
  readonly params?: Selection["params"];
}): Selection {
  const values = Object.entries(params);
  if (names === undefined && picked === undefined && values.length === 0) return EVERYTHING;
  const wanted = names && new Set(names);
  const sorted = wanted && [...wanted].sort();
  return {
    key: JSON.stringify([sorted, picked, values]),
    names: sorted,
    isRequested: wanted === undefined ? EVERYTHING.isRequested : nameFilter(wanted),
    params,
    pickedSources: picked && new Set(picked),
  };
}
