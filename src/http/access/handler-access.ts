import type { Log } from "../../log.ts";
import { andThen } from "../../maybe-promise.ts";
import type { ResolvedHandlerOptions } from "../../options/options.ts";
import { type Access, createAccess } from "../access.ts";
import { policyOf } from "./policy.ts";
import { Reloader } from "./reloader.ts";
import { type TokenFile, tokensIn } from "./token-file.ts";

/** Decides who may ask a handler. */
export type HandlerAccess = Omit<Access, "use">;

/**
 * Makes what decides who may ask a handler. Its token file is read again when it has changed.
 *
 * An address is locked out only where proxies are named: most handlers are mounted behind one.
 *
 * @param tokenFile The file of the option `auth.bearerTokenFile`.
 */
export function createHandlerAccess(
  options: ResolvedHandlerOptions,
  tokenFile: TokenFile | undefined,
  log: Log,
): HandlerAccess {
  const policy = policyOf(options, tokenFile?.tokens ?? []);
  const access = createAccess(policy, { log, locksOut: false });
  if (tokenFile === undefined) return access;
  const { file } = tokenFile;
  const reloader = new Reloader<readonly string[]>(
    async (read) => tokensIn(await read(file), file),
    {
      log,
      subject: "the bearer tokens",
      onLoaded: (tokens) => access.use(policyOf(options, tokens)),
    },
    tokenFile.tokens,
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
