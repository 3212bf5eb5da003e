import type { Gatherer } from "../model/gatherer.ts";
import { mergeGatherers } from "./merge.ts";
import { createRegistryGatherer } from "./prom-client/gatherer.ts";
import { isAggregatingRegistry, isRegistry, type Registry } from "./prom-client/registry.ts";

/** What can be served: a registry of a client library, or a gatherer of your own. */
export type Source = Registry | Gatherer;

/**
 * Makes one gatherer of all that is to be served.
 *
 * @throws {TypeError} For what is neither a registry nor a gatherer, for an empty array, and for a
 *   registry that stands for other processes or threads.
 */
export function gathererOf(sources: Source | readonly Source[]): Gatherer {
  const list: readonly unknown[] = Array.isArray(sources) ? sources : [sources];
  if (list.length === 0) throw new TypeError("There is no registry in the array");
  // A registry that stands twice would give every metric twice.
  return mergeGatherers(Array.from(new Set(list), gathererOfOne));
}

function gathererOfOne(source: unknown): Gatherer {
  if (isAggregatingRegistry(source)) {
    throw new TypeError(
      "A cluster or worker registry cannot be served yet: serve a registry in each process",
    );
  }
  if (isRegistry(source)) return createRegistryGatherer(source);
  if (isGatherer(source)) return source;
  throw new TypeError(
    "Not a registry: pass one of prom-client or @prometheus-io/client, a Gatherer, or an array",
  );
}

function isGatherer(value: unknown): value is Gatherer {
  return typeof (value as Partial<Gatherer> | null | undefined)?.gather === "function";
}
