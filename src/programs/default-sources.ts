import type { Registry, Source } from "../index.ts";
import type { ClientLibrary, LibraryRegistry } from "./client-libraries.ts";

/**
 * Makes the list of what a process has to serve: the default registry of each client library and,
 * if they are wanted, the default metrics of the first library.
 *
 * They are collected in a registry of their own, so that the application may collect them, too,
 * whenever it likes: to register a metric twice in one registry is an error.
 */
export function defaultSources(
  libraries: readonly ClientLibrary[],
  hasDefaultMetrics: boolean,
): Source[] {
  const registries = libraries.map(({ register }) => register);
  const [first] = libraries;
  if (first === undefined || !hasDefaultMetrics) return registries;
  const own = new first.Registry();
  first.collectDefaultMetrics({ register: own });
  return [...registries, unlessIn(registries, own)];
}

/** A view of `own` without the metrics that one of `registries` has, in the style of the first. */
function unlessIn(registries: readonly LibraryRegistry[], own: LibraryRegistry): Registry {
  const view = {
    contentType: own.contentType,
    getMetricsAsArray: () =>
      own
        .getMetricsAsArray()
        .filter(({ name }) => registries.every((other) => !other.getSingleMetric(name))),
    /** Read with every scrape: the application may set them at any time. */
    get _defaultLabels() {
      return registries[0]?._defaultLabels;
    },
  };
  return view;
}
