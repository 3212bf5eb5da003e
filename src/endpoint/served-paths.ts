import { gathererOf } from "../gatherers/gatherer-of.ts";
import { isFixedPath } from "../http/routes.ts";
import type { Gatherer, Sources } from "../model/gatherer.ts";
import { isProbe, type Probe } from "../model/probe.ts";
import { isObject, wrongType } from "../options/checks.ts";
import type { ResolvedOptions } from "../options/options.ts";
import { checkProbe } from "../options/probe-rules.ts";
import { isUrlPath } from "../options/rules.ts";
import type { PageLink, Scrape } from "../scrape/exchange.ts";

/** What further paths serve, by their paths. */
export interface ServedPaths {
  readonly gatherers: ReadonlyMap<string, Gatherer>;
  readonly probes: ReadonlyMap<string, Probe>;
  /** Probes that are answered elsewhere; absent where there are none. */
  readonly forwarded?: readonly ForwardedPath[];
}

/** A path whose requests are answered elsewhere. */
interface ForwardedPath {
  readonly link: PageLink;
  readonly scrape: Scrape;
}

/**
 * Reads the option `paths`, and fills in what depends on it.
 *
 * @throws {TypeError} For what cannot be served.
 * @throws {RangeError} For a path that cannot be had.
 */
export function readPaths(options: ResolvedOptions): {
  readonly paths: ServedPaths;
  readonly options: ResolvedOptions;
} {
  const { paths, path: main, maxConnections = MAX_CONNECTIONS } = options;
  isObject("paths", paths);
  // A `Map` has no keys, so nothing would be served.
  if (Symbol.iterator in paths) throw wrongType("paths", "an object", paths);
  const gatherers = new Map<string, Gatherer>();
  const probes = new Map<string, Probe>();
  for (const [path, value] of Object.entries(paths)) {
    checkPath(path, main);
    const name = `paths.${path}`;
    if (isProbe(value)) {
      checkProbe(name, value);
      probes.set(path, value);
    } else gatherers.set(path, gathererAt(name, value));
  }
  return {
    paths: { gatherers, probes },
    options: probes.size > 0 ? { ...options, maxConnections } : options,
  };
}

/** With a probe: Prometheus keeps a connection open for each target that it scrapes at the same time. */
const MAX_CONNECTIONS = 1_024;

function checkPath(path: string, main: string): void {
  const fault = faultOf(path, main);
  if (fault === undefined) return;
  throw new RangeError(`Option "paths" must ${fault}, got ${JSON.stringify(path)}`);
}

function faultOf(path: string, main: string): string | undefined {
  if (!isUrlPath(path)) return 'have the paths of URLs, such as "/probe"';
  if (path === main) return 'not have the path of the option "path"';
  const isOwn = isFixedPath(path) || path.startsWith(OWN_PATHS);
  return isOwn ? "not have a path that the server uses itself" : undefined;
}

/** The beginning of what the server has for itself, now and later. */
const OWN_PATHS = "/-/";

/** Names the path in the message of an error. */
function gathererAt(name: string, value: unknown): Gatherer {
  try {
    // Cast: it checks what it is given.
    return gathererOf(value as Sources);
  } catch (error) {
    const message = `Option "${name}": ${(error as Error).message}`;
    throw Object.assign(error as Error, { message });
  }
}
