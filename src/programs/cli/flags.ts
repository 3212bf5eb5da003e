import { parseArgs } from "node:util";
import { isMetricsPath } from "../../http/routes.ts";
import type { Address } from "../../index.ts";
import { ADDRESS_FORMS, readAddress } from "../../options/parse-address.ts";
import { MAX_HEADER_BYTES, MIN_HEADER_BYTES } from "../../options/rules.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./log.ts";
import { nearestName } from "./suggest.ts";

/** A parsed command line. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "serve"; readonly settings: Settings };

/** How to serve metrics. */
export interface Settings {
  /** The module that exports a registry; without one the process serves its own metrics. */
  readonly module: string | undefined;
  readonly addresses: readonly Address[];
  readonly path: string;
  /** `undefined` means the server's default. */
  readonly maxRequestsInFlight: number | undefined;
  /** `undefined` means the server's default. */
  readonly maxHeaderBytes: number | undefined;
  readonly selfMetrics: boolean;
  readonly shutdownDelayMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** A command line that cannot be parsed; the message is one line. */
export class UsageError extends Error {}

/** The flags, named as in the official exporters of Prometheus. */
export const FLAGS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  "web.listen-address": { type: "string", multiple: true },
  "web.telemetry-path": { type: "string", default: "/metrics" },
  "web.max-requests": { type: "string" },
  "web.max-header-bytes": { type: "string" },
  "web.disable-exporter-metrics": { type: "boolean" },
  "web.shutdown-delay": { type: "string", default: "0s" },
  "log.level": { type: "string", default: "info" },
  "log.format": { type: "string", default: "logfmt" },
} as const;

const DEFAULT_ADDRESS: Address = ":9464";

/**
 * Parses a command line.
 *
 * @param args The arguments after the name of the program.
 * @throws {UsageError} For an unknown flag, and for an invalid value.
 */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = split(args);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const [module, surplus] = positionals;
  if (surplus !== undefined)
    throw new UsageError(`Cannot serve more than one module: "${surplus}"`);
  const settings: Settings = {
    module,
    addresses: (values["web.listen-address"] ?? []).map(toAddress),
    path: toPath(values["web.telemetry-path"]),
    maxRequestsInFlight: toLimit(values["web.max-requests"]),
    maxHeaderBytes: toHeaderBytes(values["web.max-header-bytes"]),
    selfMetrics: !values["web.disable-exporter-metrics"],
    shutdownDelayMs: toDelayMs(values["web.shutdown-delay"]),
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
    // The first sentence of an error of `parseArgs` names the flag; the next ones give advice.
    const [sentence = ""] = (error as Error).message.split(/\.(?:\s|$)/);
    const [, unknown] = /^Unknown option '(.*)'$/.exec(sentence) ?? [];
    const flag = unknown === undefined ? undefined : suggestFlag(unknown, args);
    throw new UsageError(flag === undefined ? sentence : `${sentence}. Did you mean --${flag}?`);
  }
}

/** What other programs call our flags. */
const SYNONYMS: Readonly<Record<string, keyof typeof FLAGS>> = {
  p: "web.listen-address",
  port: "web.listen-address",
  host: "web.listen-address",
  address: "web.listen-address",
  bind: "web.listen-address",
  listen: "web.listen-address",
  path: "web.telemetry-path",
  route: "web.telemetry-path",
  endpoint: "web.telemetry-path",
  metricspath: "web.telemetry-path",
  maxhttpheadersize: "web.max-header-bytes",
  maxheadersize: "web.max-header-bytes",
  v: "version",
  verbose: "log.level",
  debug: "log.level",
  quiet: "log.level",
  level: "log.level",
  json: "log.format",
};

/** The flag that somebody meant with one that does not exist. */
function suggestFlag(unknown: string, args: readonly string[]): string | undefined {
  // Of `-web.listen-address`, only `-w` is named.
  const written = /^-[^-]$/.test(unknown) ? args.find((arg) => arg.startsWith(unknown)) : unknown;
  const name = (written ?? unknown).replace(/=.*/s, "");
  const flags = new Map<string, string>(Object.entries(SYNONYMS));
  for (const flag of Object.keys(FLAGS)) {
    flags.set(lettersOf(flag), flag);
    flags.set(lettersOf(flag.replace(GROUP, "")), flag);
  }
  const names = [...flags.keys()];
  const nearest =
    nearestName(lettersOf(name), names) ?? nearestName(lettersOf(name.replace(GROUP, "")), names);
  return nearest === undefined ? undefined : flags.get(nearest);
}

const GROUP = /^-{0,2}\w+\./;

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z]/g, "");
}

function toAddress(text: string): Address {
  const address = readAddress(text);
  if (address === undefined)
    throw invalid("web.listen-address", text, `an address such as ${ADDRESS_FORMS}`);
  return address;
}

function toPath(text: string): string {
  if (isMetricsPath(text)) return text;
  throw invalid("web.telemetry-path", text, "a path such as /metrics");
}

function toLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(limit)) {
    throw invalid("web.max-requests", text, "an integer, or 0 for no limit");
  }
  return limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
}

function toHeaderBytes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (bytes >= MIN_HEADER_BYTES && bytes <= MAX_HEADER_BYTES) return bytes;
  const expected = `an integer from ${MIN_HEADER_BYTES} to ${MAX_HEADER_BYTES}`;
  throw invalid("web.max-header-bytes", text, expected);
}

/** A duration as Prometheus writes it, with the units that a shutdown may take, or seconds. */
const DURATION = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;

/** The longest time that a timer of Node can wait. */
const MAX_DELAY_MS = 2 ** 31 - 1;

function toDelayMs(text: string): number {
  const [, ...units] = DURATION.exec(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text) ?? [];
  const [hours = 0, minutes = 0, seconds = 0, ms = 0] = units.map((unit) => Number(unit ?? 0));
  const delayMs = Math.round(((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms);
  if (text !== "" && units.length > 0 && delayMs <= MAX_DELAY_MS) return delayMs;
  throw invalid("web.shutdown-delay", text, "a duration such as 5s, at most 24 days");
}

function toOneOf<T extends string>(flag: string, known: readonly T[], text: string): T {
  const value = known.find((name) => name === text);
  if (value === undefined) throw invalid(flag, text, `one of ${known.join(", ")}`);
  return value;
}

function invalid(flag: string, text: string, expected: string): UsageError {
  return new UsageError(`--${flag} must be ${expected}, got "${text}"`);
}
