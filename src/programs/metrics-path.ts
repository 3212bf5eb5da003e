import { isFixedPath } from "../http/routes.ts";
import { resolveOptions } from "../options/rules.ts";

/** Tells whether metrics can be served under `path`. */
export function isMetricsPath(path: string): boolean {
  try {
    resolveOptions({ path });
    return !isFixedPath(path);
  } catch {
    return false;
  }
}
