import type { HandlerAccess } from "../http/access/handler-access.ts";
import { openTokenFile } from "../http/access/token-file.ts";
import type { Log } from "../log.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import { checkProxies, isSecured } from "../options/security-rules.ts";

/**
 * Makes what decides who may ask a handler, whose code is loaded meanwhile: requests wait for it.
 *
 * @returns `undefined` where everybody may.
 * @throws {TypeError} When proxies are named for nothing.
 * @throws {ConfigError} When the file of the option `auth.bearerTokenFile` cannot be used.
 */
export function guardOf(options: ResolvedHandlerOptions, log: Log): HandlerAccess | undefined {
  if (!isSecured(options)) return undefined;
  checkProxies(options);
  const path = options.auth?.bearerTokenFile;
  const tokenFile = path === undefined ? undefined : openTokenFile(path);
  let access: HandlerAccess | undefined;
  const loading = import("../http/access/handler-access.ts").then(({ createHandlerAccess }) => {
    access = createHandlerAccess(options, tokenFile, log);
    return access;
  });
  // Each request meets the error.
  const ignore = () => {};
  loading.catch(ignore);
  return {
    headers: options.headers ?? {},
    admit: (visit) =>
      access === undefined ? loading.then((loaded) => loaded.admit(visit)) : access.admit(visit),
    hostRefused: () => access?.hostRefused(),
    families: () => access?.families() ?? NONE,
    close: () => void loading.then((loaded) => loaded.close(), ignore),
  };
}

const NONE: readonly never[] = [];
