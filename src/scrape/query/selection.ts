import type { MaybePromise } from "../../maybe-promise.ts";
import type { GatherContext } from "../../model/gatherer.ts";
import type { MetricFamily } from "../../model/metric-family.ts";

/** What a scrape asks for: everything, or what its query says. */
export interface Selection
  extends Pick<GatherContext, "isRequested" | "names" | "params" | "pickedSources"> {
  /** Equal exactly for scrapes that may share a gathering; empty for the one that asks for everything. */
  readonly key: string;
}

/** The parameters of a scrape that has none: without a prototype, which has names such as `constructor`. */
export const NO_PARAMS: GatherContext["params"] = Object.freeze(Object.create(null));

/** Asks for everything. */
export const EVERYTHING: Selection = { key: "", isRequested: () => true, params: NO_PARAMS };

/** What the queries of a handler may ask for, beside names of families. */
export interface Selectable {
  /** The parameters that its gatherers declare. */
  readonly params?: readonly string[] | undefined;
  /** The names of its sources; `undefined` where they have none, empty where nobody can pick among them. */
  readonly sourceNames?: readonly string[] | undefined;
}

/** Reads what a query asks for; it throws, or rejects with, a `QueryError`. */
export type Select = (query: string) => MaybePromise<Selection>;

/** The families that a scrape asks for. */
export function requestedFamilies(
  families: readonly MetricFamily[],
  { names, isRequested }: Selection,
): readonly MetricFamily[] {
  return names === undefined
    ? families
    : families.filter(({ name, type }) => isRequested(name, type));
}
