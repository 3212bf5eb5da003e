/**
 * Makes one gatherer of all sources to serve: registries of client libraries, gatherers, or an
 * array of both.
 *
 * Each source becomes a gatherer: a wing, such as `prom-client/`, recognises the registries of one
 * family of client libraries by their shape, and imports none of them. `merge.ts` then runs all
 * gatherers in one synchronous sweep and keeps their failures apart; `join-families.ts` joins the
 * families of one name. A gathering never rejects: failures are part of its result.
 *
 * Nothing of a source is ever changed. Families and lists of families stay the same objects while
 * nothing changes, so that an encoder can reuse what it made of them.
 *
 * @module
 */
import type { Gatherer, Source } from "../model/gatherer.ts";
import { mergeGatherers } from "./merge.ts";
import { registryGathererOf } from "./prom-client/gatherer.ts";

/**
 * Makes one gatherer of all sources.
 *
 * @throws {TypeError} For a value that is neither a registry nor a gatherer, for an empty array, for a
 *   registry that represents other processes or threads, and for one of prom-client 12 or older.
 *
 * @internal
 */
export function gathererOf(sources: Source | readonly Source[]): Gatherer {
  const list: readonly unknown[] = Array.isArray(sources) ? sources : [sources];
  if (list.length === 0) {
    throw new TypeError("Expected at least one registry, got an empty array");
  }
  // A registry that is in the list twice would yield each of its metrics twice.
  const unique = [...new Set(list)];
  // Cast: nothing else makes a gatherer.
  return mergeGatherers(unique.map(gathererOfOne), unique as readonly object[]);
}

function gathererOfOne(source: unknown): Gatherer {
  const gatherer = registryGathererOf(source);
  if (gatherer !== undefined) return gatherer;
  if (isGatherer(source)) return source;
  throw new TypeError(
    "Source must be a registry of prom-client or @prometheus-io/client, a Gatherer such as gathererOf(reader), or an array of them",
  );
}

function isGatherer(value: unknown): value is Gatherer {
  return typeof (value as Partial<Gatherer> | null | undefined)?.gather === "function";
}
