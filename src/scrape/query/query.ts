/**
 * Reads the query of a scrape, as Prometheus sends it for its `params`. It is loaded with the first scrape
 * that has one.
 *
 * `name[]` asks for families, as Go's and Python's clients read it; `collect[]` and `exclude[]` pick sources,
 * as node_exporter reads them; what gatherers declare is passed on to them. Parameters that nothing declares
 * are ignored. Each fault is a `QueryError`, whose message the client gets: what it has sent is in it only
 * quoted and cut off.
 */
import { QueryError } from "../failure.ts";
import { select } from "./name-filter.ts";
import { NO_PARAMS, type Selectable, type Selection } from "./selection.ts";

/** The bounds of a query; a longer one is an attack or a mistake. */
const MAX_QUERY_LENGTH = 64 * 1_024;
const MAX_PARAMETERS = 1_024;

/** How much of a client's text its answer shows, in characters. */
const MAX_SHOWN_LENGTH = 64;

/** A parameter of a query: its name and its value, decoded. */
export type Pair = readonly [name: string, value: string];

/**
 * Reads the parameters of a query in their order. One without a `=` has the value `""`.
 *
 * @param query The part of the request target after its `?`.
 * @throws {QueryError} When it is longer than 64 KiB, has more than 1,024 parameters, or a broken escape.
 */
export function readPairs(query: string): readonly Pair[] {
  if (query.length > MAX_QUERY_LENGTH) {
    throw new QueryError(`The query is longer than ${MAX_QUERY_LENGTH} characters`);
  }
  const texts = query.split("&").filter((text) => text !== "");
  if (texts.length > MAX_PARAMETERS) {
    throw new QueryError(`The query has more than ${MAX_PARAMETERS} parameters`);
  }
  return texts.map((text) => {
    const [name = "", ...value] = text.split("=");
    return [decode(name), decode(value.join("="))];
  });
}

/** Application/x-www-form-urlencoded, as every client of Prometheus sends it (WHATWG URL, 5.1). */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    throw new QueryError("The query has a broken escape", { cause: error });
  }
}

/** A client's text as its answer may show it. */
export function quote(text: string): string {
  return JSON.stringify(
    text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text,
  );
}

/**
 * Takes the parameters that are declared, in the order of their declaration.
 *
 * @returns An object without a prototype, which has the names of those that are given.
 * @throws {QueryError} When one of them is given twice: which of them counts is a guess.
 */
export function takeParams(
  pairs: readonly Pair[],
  declared: readonly string[],
): Selection["params"] {
  const params: Record<string, string> = Object.create(null);
  for (const name of declared) {
    const [first, second] = pairs.filter(([given]) => given === name);
    if (second !== undefined) {
      throw new QueryError(`The parameter ${quote(name)} is given more than once`);
    }
    if (first !== undefined) [, params[name]] = first;
  }
  return Object.keys(params).length === 0 ? NO_PARAMS : Object.freeze(params);
}

/** What every path reads itself, whatever its gatherers declare. */
const OWN: readonly string[] = ["name[]", "collect[]", "exclude[]"];

/**
 * Reads what a query asks for.
 *
 * @throws {QueryError} As `readPairs()` and `takeParams()`, and for sources that do not exist.
 */
export function readSelection(query: string, { params = [], sourceNames }: Selectable): Selection {
  const pairs = readPairs(query);
  const names = valuesOf(pairs, "name[]");
  return select({
    names: names.length === 0 ? undefined : names,
    picked: sourceNames && readSources(pairs, sourceNames),
    params: takeParams(
      pairs,
      params.filter((name) => !OWN.includes(name)),
    ),
  });
}

function valuesOf(pairs: readonly Pair[], name: string): readonly string[] {
  return pairs.filter(([given]) => given === name).map(([, value]) => value);
}

/** The sources that are picked; `undefined` where all of them are. */
function readSources(
  pairs: readonly Pair[],
  sourceNames: readonly string[],
): readonly string[] | undefined {
  const collected = valuesOf(pairs, "collect[]");
  const excluded = valuesOf(pairs, "exclude[]");
  if (collected.length > 0 && excluded.length > 0) {
    throw new QueryError("The query has both collect[] and exclude[]");
  }
  if (sourceNames.length === 0 && collected.length + excluded.length > 0) {
    throw new QueryError("With several workers, collect[] and exclude[] cannot pick sources");
  }
  const unknown = [...collected, ...excluded].find((name) => !sourceNames.includes(name));
  if (unknown !== undefined) throw new QueryError(`Unknown source ${quote(unknown)}`);
  const picked = sourceNames.filter((name) =>
    collected.length > 0 ? collected.includes(name) : !excluded.includes(name),
  );
  return picked.length === sourceNames.length ? undefined : picked;
}
