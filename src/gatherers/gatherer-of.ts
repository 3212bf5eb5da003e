/**
 * Makes one gatherer of all sources to serve: registries of client libraries, gatherers, an array
 * of both, or an object that names them.
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
import { andThen, loadOnce, type MaybePromise } from "../maybe-promise.ts";
import type { Gatherer, GatherResult, NamedSources, Sources } from "../model/gatherer.ts";
import { isStringList } from "../options/checks.ts";
import { mergeGatherers, paramsOf } from "./merge.ts";
import { registryGathererOf } from "./prom-client/gatherer.ts";
import type { tellApart } from "./tell-apart.ts";

/**
 * Makes one gatherer of all sources.
 *
 * @throws {TypeError} For a value that is neither a registry nor a gatherer, for an empty array,
 *   for a source that has two names, for a registry that represents other processes or threads, and for
 *   one of prom-client 12 or older.
 *
 * @internal
 */
export function gathererOf(sources: Sources): Gatherer {
  if (areNamed(sources)) return gathererOfNamed(sources);
  const list: readonly unknown[] = Array.isArray(sources) ? sources : [sources];
  if (list.length === 0) {
    throw new TypeError("Expected at least one registry, got an empty array");
  }
  // A registry that is in the list twice would yield each of its metrics twice.
  const unique = [...new Set(list)];
  const gatherers = unique.map((source) => gathererOfOne(source));
  // Cast: nothing else makes a gatherer.
  const objects = unique as readonly object[];
  return gatherers.length > 1 && paramsOf(gatherers).length > 0
    ? tellApartLater(gatherers, objects)
    : mergeGatherers(gatherers, objects);
}

/** Whether it is a plain object, and not a source itself. */
function areNamed(sources: Sources): sources is NamedSources {
  const prototype: unknown = Object.getPrototypeOf(sources ?? "");
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain && Object.keys(sources).length > 0 && findGatherer(sources) === undefined;
}

function gathererOfNamed(sources: NamedSources): Gatherer {
  const all = Object.values(sources).flat();
  if (new Set(all).size < all.length) {
    throw new TypeError("Cannot serve a source under several names, or twice under one");
  }
  const gatherers = Object.entries(sources).map(([name, source]) =>
    Array.isArray(source) ? gathererOf(source) : gathererOfOne(source, `Source "${name}"`),
  );
  return tellApartLater(gatherers, Object.values(sources), Object.keys(sources));
}

/** Few sources have names, or gatherers beside others parameters. */
function tellApartLater(...parts: Parameters<typeof tellApart>): Gatherer {
  const [gatherers, , sourceNames] = parts;
  const load = loadOnce(() =>
    import("./tell-apart.ts").then(({ tellApart }) => tellApart(...parts)),
  );
  return {
    params: paramsOf(gatherers),
    sourceNames,
    // Cast: what it awaits may be any thenable.
    gather: (context) =>
      andThen(load(), (loaded) => loaded.gather(context) as MaybePromise<GatherResult>),
  };
}

function gathererOfOne(source: unknown, label = "Source"): Gatherer {
  const gatherer = findGatherer(source);
  if (gatherer !== undefined) return gatherer;
  throw new TypeError(
    `${label} must be a registry of prom-client or @prometheus-io/client, a Gatherer such as gathererOf(reader), or an array or an object of them`,
  );
}

function findGatherer(source: unknown): Gatherer | undefined {
  const gatherer = registryGathererOf(source);
  if (gatherer !== undefined || !isGatherer(source)) return gatherer;
  if (source.params !== undefined) isStringList("params", source.params);
  return source;
}

function isGatherer(value: unknown): value is Gatherer {
  return typeof (value as Partial<Gatherer> | null | undefined)?.gather === "function";
}
