import { createRequire } from "node:module";
import type { Registry } from "../index.ts";

/** The client libraries that are looked for, by the names of their packages. */
const NAMES: readonly string[] = ["prom-client", "@prometheus-io/client"];

/** What to do when none is found, for messages. */
export const INSTALL_HINT: string = `Install one: npm install ${NAMES.join(", or ")}`;

/** What is used of a client library. */
export interface ClientLibrary {
  /** Its default registry. */
  readonly register: LibraryRegistry;
  readonly Registry: new () => LibraryRegistry;
  readonly collectDefaultMetrics: (config: { readonly register: LibraryRegistry }) => void;
}

/** A registry of a client library, as far as it is used here. */
export interface LibraryRegistry extends Registry {
  getMetricsAsArray(): { readonly name: string }[];
  getSingleMetric(name: string): object | undefined;
  readonly _defaultLabels?: object;
}

/**
 * Finds the client libraries that a module would get, without loading them.
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

/** Loads a client library that was found: the same instance that the application gets. */
export function loadClientLibrary(path: string): ClientLibrary {
  return createRequire(path)(path);
}
