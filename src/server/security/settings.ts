/**
 * What options and files say of who may connect and ask, put together.
 *
 * All of it is read, checked and made before any of it is used, so that a fault anywhere changes nothing.
 */

import { ConfigError } from "../../errors.ts";
import { policyFault, policyOf } from "../../http/access/policy.ts";
import type { Load, ReadFile } from "../../http/access/settings-change.ts";
import { tokensIn } from "../../http/access/token-file.ts";
import type { Policy } from "../../http/access.ts";
import { nodeModule } from "../../node.ts";
import type { ListenTarget } from "../../options/address.ts";
import type { ResolvedOptions } from "../../options/options.ts";
import { checkProxies } from "../../options/security-rules.ts";
import type { TlsSettings } from "../tls/tls-settings.ts";
import type { Tls } from "../tls.ts";
import type { WebConfig } from "../web-config.ts";
import { warningsOf } from "./warnings.ts";

/** Who may connect and ask. It is used as a whole, or not at all. */
export interface Settings {
  readonly tls: Tls | undefined;
  readonly policy: Policy;
  /** What works, but may be a mistake. */
  readonly warnings: readonly string[];
}

/** What the settings of a server are made of. */
export interface SettingsParts {
  readonly options: ResolvedOptions;
  /** Where it listens; absent where it does not. */
  readonly target?: ListenTarget | undefined;
}

/**
 * Makes the function that loads the settings of a server.
 *
 * @throws {TypeError} When options contradict each other.
 * @throws {RangeError} When a value of the option `tls` cannot be honoured.
 */
export async function createLoad({ options, target }: SettingsParts): Promise<Load<Settings>> {
  checkTogether(options);
  checkProxies(options);
  const { resolve } = nodeModule("node:path");
  const { auth, webConfigFile } = options;
  const files = {
    // The working directory may change.
    webConfig: webConfigFile && resolve(webConfigFile),
    tokens: auth?.bearerTokenFile && resolve(auth.bearerTokenFile),
  };
  const ofOptions = options.tls && (await import("../tls.ts")).tlsSettingsOf(options.tls);
  return async (read) => {
    const config = await readConfig(files.webConfig, read);
    const tlsSettings = ofOptions ?? config?.tls;
    const tls = tlsSettings && (await openTls(tlsSettings, read, config !== undefined));
    const inFile = files.tokens ? tokensIn(await read(files.tokens), files.tokens) : [];
    const { tls: _, ...inConfig } = config ?? {};
    const { openHealth } = options;
    const policy: Policy = { ...policyOf(options, inFile), openHealth, ...inConfig };
    checkPolicy(policy, files.webConfig);
    const further = await warningsOf({ tls: tlsSettings, policy, target });
    const warnings = [...(tls?.warnings ?? []), ...further];
    return { tls, policy, warnings };
  };
}

function checkPolicy(policy: Policy, webConfig: string | undefined): void {
  const fault = policyFault(policy);
  if (fault === undefined) return;
  if (webConfig !== undefined) throw new ConfigError(webConfig, fault);
  throw new RangeError(`Option "auth.users" cannot be used: ${fault}`);
}

/** What a web configuration file has itself must not be given twice. */
function checkTogether({ webConfigFile, tls, auth, headers, rateLimit }: ResolvedOptions): void {
  if (webConfigFile === undefined) return;
  const others = { tls, "auth.users": auth?.users, headers, rateLimit };
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined) continue;
    throw new TypeError(
      `Option "${name}" must not be given with "webConfigFile", which has its own`,
    );
  }
}

async function readConfig(
  file: string | undefined,
  read: ReadFile,
): Promise<WebConfig | undefined> {
  if (file === undefined) return undefined;
  const { readWebConfig } = await import("../web-config.ts");
  return readWebConfig(await read(file), file);
}

/** @param isNamed Whether an error names the setting and not the file, which it then has to name as well. */
async function openTls(settings: TlsSettings, read: ReadFile, isNamed: boolean): Promise<Tls> {
  const { tlsFilesOf, createTls } = await import("../tls.ts");
  const contents = new Map<string, Buffer | Error>();
  for (const file of tlsFilesOf(settings)) {
    contents.set(file, await read(file).catch((error: ConfigError) => error));
  }
  return createTls(settings, (file) => {
    const content = contents.get(file);
    if (Buffer.isBuffer(content)) return content;
    const reason = content?.message.replace(`Cannot use ${file}: `, isNamed ? `${file}: ` : "");
    throw new Error(reason, { cause: content });
  });
}
