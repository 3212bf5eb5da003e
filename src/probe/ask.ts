import type { Probe, ProbeContext, ProbeTarget } from "../model/probe.ts";
import { QueryError } from "../scrape/failure.ts";
import { quote, readSelection } from "../scrape/query/query.ts";
import type { Selection } from "../scrape/query/selection.ts";
import { parseTarget } from "./target/parse-target.ts";

/** What a request asks of a probe. */
export interface Ask extends Pick<ProbeContext, "target" | "module" | "params"> {
  /** The families that its answer may have. */
  readonly selection: Selection;
  /** Equal exactly for requests that may share a run: whatever of its families they ask for. */
  readonly key: string;
}

/** The part of a probe that says what a query may have. */
type Queried = Pick<Probe, "modules" | "params">;

/**
 * Reads what the query of a request asks of a probe.
 *
 * @throws {QueryError} When its target, its module or a parameter cannot be read or is given twice.
 */
export function readAsk(query: string, { modules = [], params: declared = [] }: Queried): Ask {
  const own = modules.length === 0 ? ["target"] : ["target", "module"];
  const selection = readSelection(query, { params: [...own, ...declared] });
  // A form sends every field, and a label of Prometheus that is empty is not there.
  const given = Object.entries(selection.params).filter(([, value]) => value !== "");
  const { target: text, module = modules[0] ?? "", ...others } = Object.fromEntries(given);
  if (text === undefined) throw new QueryError('The parameter "target" is missing');
  const target = parseTarget(text);
  if (module !== "" && !modules.includes(module)) {
    throw new QueryError(`Unknown module ${quote(module)}`);
  }
  const values = declared.map((param) => others[param] ?? null);
  // Without a prototype: a name such as `constructor` is absent, unless it was given.
  const params = Object.freeze(Object.assign(Object.create(null), others));
  return { target, module, params, selection, key: JSON.stringify([target.text, module, values]) };
}

/** The default ports of the schemes that most targets have: a port more or less is the same target. */
const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };

/** What requests that ask the same host and port have in common. */
export function placeOf({ host, port, scheme = "" }: ProbeTarget): string {
  return `${host} ${port ?? PORTS[scheme] ?? scheme}`;
}

/** A target as a log may show it: its path and its query may hold secrets. */
export function shownTarget({ authority, scheme }: ProbeTarget): string {
  return scheme === undefined ? authority : `${scheme}://${authority}`;
}

/** There is no label where there are no modules. */
export function labelOf({ module }: Pick<Ask, "module">): string | undefined {
  return module === "" ? undefined : module;
}
