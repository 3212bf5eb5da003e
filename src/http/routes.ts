import type { ResolvedOptions } from "../options/options.ts";
import { isUrlPath } from "../options/rules.ts";
import type { Scrape } from "../scrape/exchange.ts";

/** What a request is for. */
export type Route = NamedRoute | Scrape;

/** What every server has an answer to. */
export type NamedRoute =
  | "metrics"
  | "landing-page"
  | "healthy"
  | "ready"
  | "targets"
  | "favicon"
  | "options"
  | "bad-target"
  | "not-found"
  | "method-not-allowed";

type Row = readonly [path: string, route: NamedRoute];

/** The path that answers as long as the process does. */
export const HEALTHY_PATH = "/-/healthy";

/** The path that tells whether the process is ready for work. */
export const READY_PATH = "/-/ready";

/** The path of the workers of a group, for service discovery. */
export const TARGETS_PATH = "/-/targets";

/** The paths that every server has. */
const FIXED_ROWS: readonly Row[] = [
  [HEALTHY_PATH, "healthy"],
  [READY_PATH, "ready"],
  ["/favicon.ico", "favicon"],
];

/** The paths of one server. */
export type Routes = ReadonlyMap<string, Route>;

/** What the paths of the option `paths` are answered with. */
export type FurtherPaths = ReadonlyMap<string, Scrape>;

/** Makes the table of a server's paths. */
export function createRoutes(
  options: Pick<ResolvedOptions, "path" | "landingPage" | "workers">,
  further: FurtherPaths = new Map(),
): Routes {
  const rows: Row[] = [...FIXED_ROWS];
  if (options.workers !== undefined) rows.push([TARGETS_PATH, "targets"]);
  if (options.landingPage) rows.push(["/", "landing-page"]);
  // Last, because they replace the page where they are at `/`.
  return new Map<string, Route>([...rows, ...further, [options.path, "metrics"]]);
}

/** Tells whether `path` is one that a server may have, whatever the options say. */
export function isFixedPath(path: string): boolean {
  return path === TARGETS_PATH || FIXED_ROWS.some(([fixed]) => fixed === path);
}

/** Tells whether metrics can be served at `path`. */
export function isMetricsPath(path: string): boolean {
  return isUrlPath(path) && !isFixedPath(path);
}

/** A request target that names its server, in its two parts. */
export interface AbsoluteTarget {
  readonly authority: string;
  /** The rest as a target without an authority. */
  readonly target: string;
}

/**
 * Cuts a target in absolute-form (RFC 9112 §3.2.2) as text; `undefined` for one of another form.
 * RFC 9110 §4.2.1: its host must not be empty.
 */
export function splitAbsolute(method: string, target: string): AbsoluteTarget | undefined {
  const match = /^https?:\/\/([^/?#:][^/?#]*)(.*)$/is.exec(target);
  if (match === null) return undefined;
  const [, authority = "", rest = ""] = match;
  if (rest.startsWith("/")) return { authority, target: rest };
  // RFC 9112 §3.2.4: without a path it means the whole server for OPTIONS, and "/" for other methods.
  return { authority, target: rest === "" && method === "OPTIONS" ? "*" : `/${rest}` };
}

/**
 * Finds out what a request is for, by comparing its path as text. It is never parsed as a URL:
 * clients send what no URL parser accepts, and a parser that throws has crashed servers like this one
 * (CVE-2026-44902).
 *
 * @param target The request target as it was sent, without its authority.
 */
export function routeOf(method: string, target: string, routes: Routes): Route {
  // RFC 9112 §3.2.4.
  if (target === "*") return method === "OPTIONS" ? "options" : "bad-target";
  // RFC 9112 §3.2: a target has no fragment. The authority-form is for CONNECT.
  if (!target.startsWith("/") || target.includes("#")) return "bad-target";
  const route = routes.get(pathOf(target));
  if (route === undefined) return "not-found";
  if (method === "OPTIONS") return "options";
  return method === "GET" || method === "HEAD" ? route : "method-not-allowed";
}

/** The query of a request target, without its question mark. */
export function queryOf(target: string): string {
  const start = target.indexOf("?");
  return start === -1 ? "" : target.slice(start + 1);
}

function pathOf(target: string): string {
  const end = target.indexOf("?");
  return end === -1 ? target : target.slice(0, end);
}
