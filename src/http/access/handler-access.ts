import type { Log } from "../../log.ts";
import { andThen } from "../../maybe-promise.ts";
import { nodeModule } from "../../node.ts";
import type { ResolvedHandlerOptions } from "../../options/options.ts";
import { type Access, createAccess } from "../access.ts";
import { policyOf } from "./policy.ts";
import { Reloader } from "./reloader.ts";
import { tokensIn } from "./token-file.ts";

/** Decides who may ask a handler. */
export type HandlerAccess = Omit<Access, "use">;

/**
 * Makes what decides who may ask a handler. Its token file is read again when it has changed.
 *
 * An address is locked out only where proxies are named: most handlers are mounted behind one.
 *
 * @param fileTokens The tokens in the file of the option `auth.bearerTokenFile`.
 */
export function createHandlerAccess(
  options: ResolvedHandlerOptions,
  fileTokens: readonly string[],
  log: Log,
): HandlerAccess {
  const access = createAccess(policyOf(options, fileTokens), { log, locksOut: false });
  const named = options.auth?.bearerTokenFile;
  if (named === undefined) return access;
  // The working directory may change.
  const file = nodeModule("node:path").resolve(named);
  const reloader = new Reloader<readonly string[]>(
    async (read) => tokensIn(await read(file), file),
    {
      log,
      subject: "the bearer tokens",
      onLoaded: (tokens) => access.use(policyOf(options, tokens)),
    },
    fileTokens,
  );
  return {
    headers: access.headers,
    admit: (visit) => andThen(reloader.arrived(), () => access.admit(visit)),
    hostRefused: () => access.hostRefused(),
    families: () => access.families(),
    close() {
      reloader.close();
      access.close();
    },
  };
}
