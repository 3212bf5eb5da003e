import { parseArgs } from "node:util";
import { isMetricsPath } from "../../http/routes.ts";
import type { Address } from "../../index.ts";
import { ADDRESS_FORMS, readAddress } from "../../server/address.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./log.ts";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "serve"; readonly settings: Settings };

/** How metrics are to be served. */
export interface Settings {
  /** The module that exports a registry; without it the process shows its own metrics. */
  readonly module: string | undefined;
  readonly addresses: readonly Address[];
  readonly path: string;
  /** `undefined` leaves the limit to the server. */
  readonly maxRequestsInFlight: number | undefined;
  readonly selfMetrics: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** A command line that cannot be understood; the message is one line. */
export class UsageError extends Error {}

/** The flags, with the names that they have in the official exporters of Prometheus. */
export const FLAGS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  "web.listen-address": { type: "string", multiple: true },
  "web.telemetry-path": { type: "string", default: "/metrics" },
  "web.max-requests": { type: "string" },
  "web.disable-exporter-metrics": { type: "boolean" },
  "log.level": { type: "string", default: "info" },
  "log.format": { type: "string", default: "logfmt" },
} as const;

const DEFAULT_ADDRESS: Address = ":9464";

/**
 * Understands a command line.
 *
 * @param args What stands behind the name of the program.
 * @throws {UsageError} For a flag that does not exist, and for a value that cannot be used.
 */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = split(args);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const [module, surplus] = positionals;
  if (surplus !== undefined) throw new UsageError(`one module is enough: "${surplus}"`);
  const settings: Settings = {
    module,
    addresses: (values["web.listen-address"] ?? []).map(toAddress),
    path: toPath(values["web.telemetry-path"]),
    maxRequestsInFlight: toLimit(values["web.max-requests"]),
    selfMetrics: !values["web.disable-exporter-metrics"],
    logLevel: toOneOf("log.level", LOG_LEVELS, values["log.level"]),
    logFormat: toOneOf("log.format", LOG_FORMATS, values["log.format"]),
  };
  const hasAddress = settings.addresses.length > 0;
  return {
    kind: "serve",
    settings: hasAddress ? settings : { ...settings, addresses: [DEFAULT_ADDRESS] },
  };
}

function split(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
  } catch (error) {
    // The errors of `parseArgs` name the flag in their first sentence, and advise in the next ones.
    const [sentence = ""] = (error as Error).message.split(/\.(?:\s|$)/);
    throw new UsageError(sentence);
  }
}

function toAddress(text: string): Address {
  const address = readAddress(text);
  if (address === undefined) throw unusable("web.listen-address", text, ADDRESS_FORMS);
  return address;
}

function toPath(text: string): string {
  if (isMetricsPath(text)) return text;
  throw unusable("web.telemetry-path", text, "a path, such as /metrics");
}

function toLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(limit)) {
    throw unusable("web.max-requests", text, "a number, or 0 for no limit");
  }
  return limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
}

function toOneOf<T extends string>(flag: string, known: readonly T[], text: string): T {
  const value = known.find((name) => name === text);
  if (value === undefined) throw unusable(flag, text, known.join(", "));
  return value;
}

function unusable(flag: string, text: string, use: string): UsageError {
  return new UsageError(`--${flag} cannot be "${text}": use ${use}`);
}
