import { createRequire } from "node:module";
import { gathererOf } from "../gatherers/gatherer-of.ts";
import type { GatherResult, Registry, Source } from "../index.ts";

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
  readonly _metrics?: object;
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
 * Lists the client libraries that the process has loaded, by path, in that order: also copies that
 * only a dependency of the application can import, and copies under other names. Loads and runs
 * nothing: a library that nobody has loaded holds no metrics.
 */
export function loadedClientLibraries(): Map<string, ClientLibrary> {
  const loaded = new Map<string, ClientLibrary>();
  // ES modules, too, get these libraries through the cache of `require()`.
  const { cache } = createRequire(import.meta.url);
  for (const path in cache) {
    const exports: unknown = cache[path]?.exports;
    if (isClientLibrary(exports)) loaded.set(path, exports);
  }
  return loaded;
}

/** Reads no accessor: it would run code of a module that may be any. */
function isClientLibrary(exports: unknown): exports is ClientLibrary {
  if (typeof exports !== "object" || exports === null) return false;
  const read = (name: string): unknown => Object.getOwnPropertyDescriptor(exports, name)?.value;
  try {
    if (typeof read("collectDefaultMetrics") !== "function") return false;
    const register = read("register") as Partial<LibraryRegistry> | null | undefined;
    return (
      typeof read("Registry") === "function" &&
      typeof register?.getMetricsAsArray === "function" &&
      typeof register.getSingleMetric === "function"
    );
  } catch {
    // A proxy, or a module that is still being evaluated.
    return false;
  }
}

/**
 * Lists what a process has to serve: the default registry of each client library and, if
 * `hasDefaultMetrics`, the default metrics of the first library.
 *
 * Those go to a registry of their own: registering a metric twice in one registry throws, and the
 * application may collect the default metrics itself at any time.
 *
 * @param libraries Read at every scrape, too: more may be added at its end, each with a `sourceAt()`.
 */
export function defaultSources(
  libraries: readonly ClientLibrary[],
  hasDefaultMetrics: boolean,
): Source[] {
  const registries = libraries.map((_, index) => sourceAt(libraries, index));
  const [first] = libraries;
  if (first === undefined || !hasDefaultMetrics) return registries;
  const defaults = new first.Registry();
  first.collectDefaultMetrics({ register: defaults });
  const isServed = (name: string) => libraries.every(({ register }) => !has(register, name));
  return [...registries, viewOf(defaults, isServed, first.register)];
}

/**
 * The default registry of the library at `index`, without the default metrics that an earlier one
 * has: they measure the same process.
 */
export function sourceAt(libraries: readonly ClientLibrary[], index: number): Source {
  const { register } = libraries[index] as ClientLibrary;
  const earlier = libraries.slice(0, index).map((library) => library.register);
  if (earlier.length === 0) return register;
  const isServed = (name: string) =>
    !DEFAULT_METRIC.test(name) || earlier.every((other) => !has(other, name));
  const gatherer = gathererOf(viewOf(register, isServed, register));
  return {
    gather: (context) =>
      // The application may serve the registry itself.
      context.isCounted?.(register) === false ? NOTHING : gatherer.gather(context),
  };
}

const NOTHING: GatherResult = { families: [], errors: [] };

/** The names of default metrics, in all versions. */
const DEFAULT_METRIC = /^(?:process|nodejs)_/;

function has(registry: LibraryRegistry, name: string): boolean {
  return registry.getSingleMetric(name) !== undefined;
}

/**
 * A view of those metrics of a registry that `isServed` accepts, with the default labels of `labelled`.
 * All is read at every scrape: the application may change it at any time.
 */
function viewOf(
  registry: LibraryRegistry,
  isServed: (name: string) => boolean,
  labelled: LibraryRegistry,
): Registry {
  const view = {
    contentType: registry.contentType,
    getMetricsAsArray: () => registry.getMetricsAsArray().filter(({ name }) => isServed(name)),
    get _metrics() {
      return registry._metrics;
    },
    get _defaultLabels() {
      return labelled._defaultLabels;
    },
  };
  return view;
}
