/** What a request is for. */
export type Route =
  | "metrics"
  | "landing-page"
  | "healthy"
  | "ready"
  | "favicon"
  | "options"
  | "bad-target"
  | "not-found"
  | "method-not-allowed";

const FIXED_ROUTES: ReadonlyMap<string, Route> = new Map([
  ["/-/healthy", "healthy"],
  ["/-/ready", "ready"],
  ["/favicon.ico", "favicon"],
]);

/** The methods that every path answers, for the `Allow` header. */
export const ALLOWED_METHODS: string = "GET, HEAD, OPTIONS";

/** Tells whether `path` is one that the server answers itself, whatever the options say. */
export function isFixedPath(path: string): boolean {
  return FIXED_ROUTES.has(path);
}

/**
 * Finds out what a request is for, by comparing its path as text. It is never parsed as a URL:
 * clients send what no URL parser takes, and a parser that throws has crashed servers like this one
 * (CVE-2026-44902).
 *
 * @param target The request target as it was sent.
 */
export function routeOf(
  method: string,
  target: string,
  paths: { readonly metrics: string; readonly hasLandingPage: boolean },
): Route {
  // RFC 9112 §3.2.1: the origin-form starts with a slash; no scraper sends another form.
  if (!target.startsWith("/")) return "bad-target";
  const path = pathOf(target);
  const route =
    path === paths.metrics
      ? "metrics"
      : path === "/" && paths.hasLandingPage
        ? "landing-page"
        : FIXED_ROUTES.get(path);
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
