import type { Guard } from "../http/access/guard.ts";
import { readSettingsSync } from "../http/access/settings-file.ts";
import { tokensIn } from "../http/access/token-file.ts";
import type { Access } from "../http/access.ts";
import type { Log } from "../log.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import { checkProxies, isSecured } from "../options/security-rules.ts";

/** What a handler needs of an `Access`. */
type HandlerGuard = Guard & Pick<Access, "families" | "close">;

/**
 * Makes what decides who may ask a handler, whose code is loaded meanwhile: requests wait for it.
 *
 * @returns `undefined` where everybody may.
 * @throws {TypeError} When proxies are named for nothing.
 * @throws {ConfigError} When the file of the option `auth.bearerTokenFile` cannot be used.
 */
export function guardOf(options: ResolvedHandlerOptions, log: Log): HandlerGuard | undefined {
  if (!isSecured(options)) return undefined;
  checkProxies(options);
  const file = options.auth?.bearerTokenFile;
  const tokens = file === undefined ? [] : tokensIn(readSettingsSync(file), file);
  let access: Access | undefined;
  const loading = import("../http/access/handler-access.ts").then(({ createHandlerAccess }) => {
    access = createHandlerAccess(options, tokens, log);
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
    // What has not been loaded has nothing to close.
    close: () =>
      void loading.then(
        (loaded) => loaded.close(),
        () => {},
      ),
  };
}

const NONE: readonly never[] = [];
