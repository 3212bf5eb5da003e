import { gathererOf } from "../gatherers/gatherer-of.ts";
import { isFixedPath } from "../http/routes.ts";
import type { Gatherer, Source } from "../model/gatherer.ts";
import { isObject } from "../options/checks.ts";
import type { ResolvedOptions } from "../options/options.ts";
import { isUrlPath } from "../options/rules.ts";

/** What further paths serve. */
export type ServedPaths = ReadonlyMap<string, Served>;

/** What a further path serves. */
export interface Served {
  readonly gatherer: Gatherer;
}

/**
 * Reads the option `paths`.
 *
 * @throws {TypeError} For what cannot be served.
 * @throws {RangeError} For a path that cannot be had.
 */
export function readPaths({
  paths,
  path: main,
}: Pick<ResolvedOptions, "paths" | "path">): ServedPaths {
  isObject("paths", paths);
  const served = new Map<string, Served>();
  for (const [path, value] of Object.entries(paths)) {
    checkPath(path, main);
    served.set(
      path,
      named(path, () => servedOf(value)),
    );
  }
  return served;
}

function checkPath(path: string, main: string): void {
  const fault = !isUrlPath(path)
    ? "the paths of URLs"
    : path === main
      ? 'no path that the option "path" has'
      : isFixedPath(path) || path.startsWith(OWN_PATHS)
        ? "no path that the server uses itself"
        : undefined;
  if (fault === undefined) return;
  throw new RangeError(`Option "paths" must have ${fault}, got ${JSON.stringify(path)}`);
}

/** The beginning of what the server has for itself, now and later. */
const OWN_PATHS = "/-/";

function servedOf(value: unknown): Served {
  return { gatherer: gathererOf(value as Source) };
}

/** Names the path in the message of an error. */
function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const message = `Option "paths", ${JSON.stringify(path)}: ${(error as Error).message}`;
    throw Object.assign(error as Error, { message });
  }
}
