import type { MetricFamily, MetricType } from "../model/metric-family.ts";

/** The names that a scrape asked for with `name[]`; without them it asked for everything. */
export interface NameFilter {
  /** Equal for two filters that select the same families; empty for the one that selects all. */
  readonly selection: string;
  /** Sorted; absent where every family is selected. */
  readonly names?: readonly string[];
  isRequested(name: string, type: MetricType): boolean;
}

/** Selects every family. */
export const EVERY_NAME: NameFilter = { selection: "", isRequested: () => true };

/** A query that cannot be read. */
export class QueryError extends Error {}

/** The bounds of a query; a longer one is an attack or a mistake. */
const MAX_QUERY_LENGTH = 64 * 1_024;
const MAX_NAMES = 1_024;

/**
 * Reads the `name[]` parameters of a query, as Prometheus sends them for its `params`, and as Go's and
 * Python's clients read them. Other parameters are ignored.
 *
 * @param query The part of the request target after its `?`.
 * @throws {QueryError} When it is too long, names too many, or has a broken escape.
 */
export function parseNameFilter(query: string): NameFilter {
  if (query === "") return EVERY_NAME;
  if (query.length > MAX_QUERY_LENGTH)
    throw new QueryError(`The query is longer than ${MAX_QUERY_LENGTH} characters`);
  const names = new Set<string>();
  for (const pair of query.split("&")) {
    const [name = "", ...value] = pair.split("=");
    if (decode(name) === "name[]") names.add(decode(value.join("=")));
  }
  if (names.size > MAX_NAMES) throw new QueryError(`The query has more than ${MAX_NAMES} names`);
  return names.size === 0 ? EVERY_NAME : filterOf(names);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    throw new QueryError("The query has a broken escape", { cause: error });
  }
}

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

/** Selects the families that a scrape of one name would get. */
export function filterByName(name: string): NameFilter {
  return filterOf(new Set([name]));
}

/** Selects the families that a scrape of these names would get; all of them without names. */
export function filterByNames(names: readonly string[] | undefined): NameFilter {
  return names === undefined ? EVERY_NAME : filterOf(new Set(names));
}

function filterOf(names: ReadonlySet<string>): NameFilter {
  const sorted = [...names].sort();
  return {
    selection: JSON.stringify(sorted),
    names: sorted,
    isRequested: (name, type) =>
      names.has(name) ||
      SUFFIXES[type].some((suffix) => names.has(name + suffix)) ||
      // OpenMetrics names a counter and an info without their suffix.
      (type === "counter" && name.endsWith("_total") && names.has(name.slice(0, -6))) ||
      (type === "info" && name.endsWith("_info") && names.has(name.slice(0, -5))),
  };
}

/** The families that a scrape asked for. */
export function requestedFamilies(
  families: readonly MetricFamily[],
  filter: NameFilter,
): readonly MetricFamily[] {
  if (filter === EVERY_NAME) return families;
  return families.filter(({ name, type }) => filter.isRequested(name, type));
}
