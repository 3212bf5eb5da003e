import { createRequire } from "node:module";
import type { Registry, Source } from "../index.ts";

/** The client libraries that are looked for, by the names of their packages. */
const NAMES: readonly string[] = ["prom-client", "@prometheus-io/client"];

/** What to do when none is found, for messages. */
export const INSTALL_HINT: string = `Install ${NAMES.join(" or ")}`;

/** The part of a client library that is used. */
export interface ClientLibrary {
  /** Its default registry. */
  readonly register: LibraryRegistry;
  readonly Registry: new () => LibraryRegistry;
  readonly collectDefaultMetrics: (config: { readonly register: LibraryRegistry }) => void;
}

/** The part of a client library's registry that is used here. */
interface LibraryRegistry extends Registry {
  getMetricsAsArray(): { readonly name: string }[];
  getSingleMetric(name: string): object | undefined;
  readonly _defaultLabels?: object;
}

/**
 * Finds the client libraries that a module would import, without loading them.
 *
 * @param file The path of the module; it need not exist.
 * @returns The path of each library that is installed.
 */
export function findClientLibraries(file: string): string[] {
  const { resolve } = createRequire(file);
  return NAMES.flatMap((name) => {
    try {
      return resolve(name);
    } catch {
      return [];
    }
  });
}

/** Loads a client library by its path: the same instance that the application imports. */
export function loadClientLibrary(path: string): ClientLibrary {
  return createRequire(path)(path);
}

/**
 * Lists what a process has to serve: the default registry of each client library and, if
 * `hasDefaultMetrics`, the default metrics of the first library.
 *
 * Those go to a registry of their own: registering a metric twice in one registry throws, and the
 * application may collect the default metrics itself at any time.
 */
export function defaultSources(
  libraries: readonly ClientLibrary[],
  hasDefaultMetrics: boolean,
): Source[] {
  const registries = libraries.map(({ register }) => register);
  const [first] = libraries;
  if (first === undefined || !hasDefaultMetrics) return registries;
  const defaults = new first.Registry();
  first.collectDefaultMetrics({ register: defaults });
  return [...registries, without(registries, defaults)];
}

/** A view of `defaults` without the metrics of `registries`, with the default labels of the first. */
function without(registries: readonly LibraryRegistry[], defaults: LibraryRegistry): Registry {
  const view = {
    contentType: defaults.contentType,
    getMetricsAsArray: () =>
      defaults
        .getMetricsAsArray()
        .filter(({ name }) => registries.every((other) => !other.getSingleMetric(name))),
    /** Read at every scrape: the application may set them at any time. */
    get _defaultLabels() {
      return registries[0]?._defaultLabels;
    },
  };
  return view;
}
