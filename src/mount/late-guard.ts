import type { Access } from "../http/access.ts";
import type { Guard } from "../http/guard.ts";
import type { Log } from "../log.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import { isSecured } from "../options/security-rules.ts";

/** What a handler needs of an `Access`. */
type HandlerGuard = Guard & Pick<Access, "families" | "close">;

/**
 * Makes what decides who may ask a handler, whose code is loaded meanwhile: requests wait for it.
 *
 * @returns `undefined` where everybody may.
 */
export function guardOf(options: ResolvedHandlerOptions, log: Log): HandlerGuard | undefined {
  if (!isSecured(options)) return undefined;
  let access: Access | undefined;
  const loading = import("../http/access.ts").then(({ createHandlerAccess }) => {
    access = createHandlerAccess(options, log);
    return access;
  });
  // Each request meets the error.
  loading.catch(() => {});
  return {
    get headers() {
      return access?.headers ?? {};
    },
    admit: (visit) =>
      access === undefined ? loading.then((loaded) => loaded.admit(visit)) : access.admit(visit),
    hostRefused: () => access?.hostRefused(),
    families: () => access?.families() ?? NONE,
    close: () => void loading.then((loaded) => loaded.close()),
  };
}

const NONE: readonly never[] = [];
