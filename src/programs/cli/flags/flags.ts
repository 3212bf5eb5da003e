import { parseArgs } from "node:util";
import type { Address, ServerOptions } from "../../../index.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../log.ts";
import { checkRepeats, divide, UsageError, usageError } from "./command-line.ts";
import { FLAGS, type Flag } from "./flag-table.ts";
import {
  toAddress,
  toDelayMs,
  toFile,
  toGroupId,
  toHeaderBytes,
  toLimit,
  toNetworks,
  toOneOf,
  toOpenHealth,
  toPath,
  toSocketMode,
} from "./flag-values.ts";

/** A parsed command line. */
export type Command =
  /** With a module, also for its own flags. */
  | { readonly kind: "help"; readonly module: string | undefined }
  | { readonly kind: "version" }
  /** `check` reads the files that it names, and serves nothing. */
  | { readonly kind: "serve" | "check"; readonly settings: Settings };

/** How to serve metrics. */
export interface Settings {
  /** The module that exports a registry; without one the process serves its own metrics. */
  readonly module: string | undefined;
  /** The flags after the module that are not ours. */
  readonly moduleFlags: readonly string[];
  readonly addresses: readonly Address[];
  readonly path: string;
  /** `undefined` means the server's default. */
  readonly maxRequestsInFlight: number | undefined;
  /** `undefined` means the server's default. */
  readonly maxHeaderBytes: number | undefined;
  readonly selfMetrics: boolean;
  readonly shutdownDelayMs: number;
  readonly security: SecuritySettings;
  /** Where to answer only for the health of the process. */
  readonly healthAddress: Address | undefined;
  /** Whether each address is served by a thread of its own. */
  readonly thread: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** Who may connect and ask, as options of a server. */
export type SecuritySettings = Required<
  Pick<
    ServerOptions,
    "webConfigFile" | "auth" | "allowedNetworks" | "openHealth" | "socketMode" | "socketGroup"
  >
>;

/**
 * Parses a command line.
 *
 * @param args The arguments after the name of the program.
 * @throws {UsageError} For an unknown flag, and for an invalid value.
 */
export function parseCommand(args: readonly string[]): Command {
  const { ours, theirs } = divide(args);
  const { values, positionals, tokens } = parse(ours);
  const [module] = positionals;
  if (values.help) return { kind: "help", module };
  if (values.version) return { kind: "version" };
  checkArguments(positionals);
  const names = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
  checkRepeats(names, (name) => "multiple" in FLAGS[name as Flag]);
  const settings: Settings = {
    module,
    moduleFlags: theirs,
    addresses: addressesOf(values),
    path: toPath(values["web.telemetry-path"]),
    maxRequestsInFlight: toLimit(values["web.max-requests"]),
    maxHeaderBytes: toHeaderBytes(values["web.max-header-bytes"]),
    selfMetrics: !values["web.disable-exporter-metrics"],
    shutdownDelayMs: toDelayMs(values["web.shutdown-delay"]),
    security: securityOf(values),
    healthAddress: toHealthAddress(values["web.health-listen-address"]),
    thread: toThread(values),
    logLevel: toOneOf("log.level", LOG_LEVELS, values["log.level"]),
    logFormat: toOneOf("log.format", LOG_FORMATS, values["log.format"]),
  };
  if (!values["web.config.check"]) return { kind: "serve", settings };
  const { webConfigFile, auth } = settings.security;
  if (webConfigFile !== undefined || auth !== undefined) return { kind: "check", settings };
  throw new UsageError("--web.config.check needs --web.config.file or --web.bearer-token-file");
}

type Values = ReturnType<typeof parse>["values"];

const DEFAULT_ADDRESSES: readonly Address[] = [":9464"];

function addressesOf(values: Values): readonly Address[] {
  const texts = values["web.listen-address"];
  if (!values["web.systemd-socket"]) {
    return texts?.map((text) => toAddress("web.listen-address", text)) ?? DEFAULT_ADDRESSES;
  }
  if (texts === undefined) return [{ systemd: true }];
  throw new UsageError("--web.systemd-socket takes the place of --web.listen-address: use one");
}

function securityOf(values: Values): SecuritySettings {
  const bearerTokenFile = toFile("web.bearer-token-file", values["web.bearer-token-file"]);
  return {
    // As in the official exporters, an empty path means that there is no file.
    webConfigFile: toFile("web.config.file", values["web.config.file"] || undefined),
    auth: bearerTokenFile === undefined ? undefined : { bearerTokenFile },
    allowedNetworks: toNetworks(values["web.allowed-networks"]),
    openHealth: toOpenHealth(values["web.open-health"]),
    socketMode: toSocketMode(values["web.socket-mode"]),
    socketGroup: toGroupId(values["web.socket-group"]),
  };
}

function toThread({
  "web.thread": isOn = false,
  "web.systemd-socket": isSystemd,
}: Values): boolean {
  if (!isOn || !isSystemd) return isOn;
  throw new UsageError(
    "--web.thread cannot use the sockets of --web.systemd-socket: only the main thread can open them",
  );
}

function toHealthAddress(text: string | undefined): Address | undefined {
  return text === undefined ? undefined : toAddress("web.health-listen-address", text);
}

/** Rejects what is not one module. The value of a flag without its dashes, or of a variable, may be a secret. */
function checkArguments(positionals: readonly string[]): void {
  for (const text of positionals) {
    const [, name] = /^(-*[a-z_][\w.-]*)=/i.exec(text) ?? [];
    if (name === undefined) continue;
    const advice = "A flag begins with two dashes, and a variable stands before the command";
    throw new UsageError(`Cannot serve "${name}=…". ${advice}`);
  }
  const [, surplus] = positionals;
  if (surplus === undefined) return;
  throw new UsageError(`Cannot serve more than one module: "${surplus}"`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true, tokens: true });
  } catch (error) {
    throw usageError(error, args);
  }
}
