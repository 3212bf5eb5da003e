import { resolveOptions } from "../options.ts";
import { isFixedPath } from "../server/routes.ts";

/** Tells whether metrics can be served under `path`. */
export function isMetricsPath(path: string): boolean {
  try {
    resolveOptions({ path });
    return !isFixedPath(path);
  } catch {
    return false;
  }
}
