import { isMetricsPath } from "../../http/routes.ts";
import type { Address } from "../../index.ts";
import { ADDRESS_FORMS, addressFault, readAddress } from "../../options/parse-address.ts";
import { MAX_HEADER_BYTES, MIN_HEADER_BYTES } from "../../options/rules.ts";
import { type SecurityVariables, securityIn } from "../security-variables.ts";
import { SWITCHES, switchIn, threadIn } from "../switch-variables.ts";
import { addressIn, type Environment } from "./variables.ts";

/** The settings of the preload. */
export interface PreloadSettings extends SecurityVariables {
  readonly address: Address;
  readonly path: string | undefined;
  /** `undefined` means the server's default. */
  readonly maxHeaderBytes: number | undefined;
  readonly hasDefaultMetrics: boolean;
  /** The option `workers` of the server. */
  readonly workers: boolean | "label";
  /** Whether the server runs in a thread of its own. */
  readonly thread: boolean;
}

/**
 * Reads the settings of the preload; an empty variable counts as unset.
 *
 * @throws {RangeError} For an invalid value; the message names its variable.
 */
export function readEnvironment(env: Environment): PreloadSettings {
  const { PROMHTTP_PATH, PROMHTTP_MAX_HEADER_BYTES, PROMHTTP_DEFAULT_METRICS, PROMHTTP_WORKERS } =
    env;
  return {
    address: addressOf(env),
    path: PROMHTTP_PATH ? pathIn("PROMHTTP_PATH", PROMHTTP_PATH) : undefined,
    maxHeaderBytes: PROMHTTP_MAX_HEADER_BYTES
      ? headerBytesIn("PROMHTTP_MAX_HEADER_BYTES", PROMHTTP_MAX_HEADER_BYTES)
      : undefined,
    hasDefaultMetrics: PROMHTTP_DEFAULT_METRICS
      ? switchIn("PROMHTTP_DEFAULT_METRICS", PROMHTTP_DEFAULT_METRICS)
      : true,
    workers: PROMHTTP_WORKERS ? workersIn("PROMHTTP_WORKERS", PROMHTTP_WORKERS) : true,
    thread: threadIn(env),
    ...securityIn(env),
  };
}

/** Where to listen: our address, or the one of OpenTelemetry's variables. */
function addressOf(env: Environment): Address {
  const given = addressIn(env);
  if (typeof given !== "string") return { host: given.host, port: portIn(given.port) };
  const address = readAddress(given);
  if (address !== undefined) return address;
  const reason = addressFault(given);
  if (reason !== undefined)
    throw new RangeError(`Environment variable PROMHTTP_ADDRESS: ${reason}`);
  throw invalid("PROMHTTP_ADDRESS", given, `an address such as ${ADDRESS_FORMS}`);
}

function portIn(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port < 65_536) return port;
  throw invalid("OTEL_EXPORTER_PROMETHEUS_PORT", text, "a port such as 9464");
}

function pathIn(name: string, text: string): string {
  if (isMetricsPath(text)) return text;
  throw invalid(name, text, "a path such as /metrics");
}

function headerBytesIn(name: string, text: string): number {
  const bytes = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (bytes >= MIN_HEADER_BYTES && bytes <= MAX_HEADER_BYTES) return bytes;
  throw invalid(name, text, `an integer from ${MIN_HEADER_BYTES} to ${MAX_HEADER_BYTES}`);
}

function workersIn(name: string, text: string): boolean | "label" {
  const value = text === "label" ? text : SWITCHES.get(text);
  if (value === undefined) throw invalid(name, text, "0, 1 or label");
  return value;
}

function invalid(name: string, text: string, expected: string): RangeError {
  return new RangeError(`Environment variable ${name} must be ${expected}, got "${text}"`);
}
