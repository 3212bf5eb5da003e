import { isMetricsPath } from "../../http/routes.ts";
import type { Address } from "../../index.ts";
import { MAX_HEADER_BYTES, MIN_HEADER_BYTES } from "../../options/rules.ts";
import { ADDRESS_FORMS, readAddress } from "../../server/address.ts";

/** The settings of the preload. */
export interface PreloadSettings {
  readonly address: Address;
  readonly path: string | undefined;
  /** `undefined` means the server's default. */
  readonly maxHeaderBytes: number | undefined;
  readonly hasDefaultMetrics: boolean;
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = "9464";

/**
 * Reads the settings of the preload; an empty variable counts as unset.
 *
 * @throws {RangeError} For an invalid value; the message names its variable.
 */
export function readEnvironment(env: Environment): PreloadSettings {
  const { PROMHTTP_ADDRESS, PROMHTTP_PATH, PROMHTTP_MAX_HEADER_BYTES, PROMHTTP_DEFAULT_METRICS } =
    env;
  return {
    address: PROMHTTP_ADDRESS ? addressIn("PROMHTTP_ADDRESS", PROMHTTP_ADDRESS) : otherAddress(env),
    path: PROMHTTP_PATH ? pathIn("PROMHTTP_PATH", PROMHTTP_PATH) : undefined,
    maxHeaderBytes: PROMHTTP_MAX_HEADER_BYTES
      ? headerBytesIn("PROMHTTP_MAX_HEADER_BYTES", PROMHTTP_MAX_HEADER_BYTES)
      : undefined,
    hasDefaultMetrics: PROMHTTP_DEFAULT_METRICS
      ? switchIn("PROMHTTP_DEFAULT_METRICS", PROMHTTP_DEFAULT_METRICS)
      : true,
  };
}

function addressIn(name: string, text: string): Address {
  const address = readAddress(text);
  if (address === undefined) throw invalid(name, text, `an address such as ${ADDRESS_FORMS}`);
  return address;
}

/** OpenTelemetry's variables, each with the default of its specification; ours if neither is set. */
function otherAddress(env: Environment): Address {
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: port } = env;
  if (!host && !port) return `:${DEFAULT_PORT}`;
  const number = /^\d+$/.test(port || DEFAULT_PORT) ? Number(port || DEFAULT_PORT) : Number.NaN;
  if (!(number < 65_536)) {
    throw invalid("OTEL_EXPORTER_PROMETHEUS_PORT", `${port}`, `a port such as ${DEFAULT_PORT}`);
  }
  return { host: host || "localhost", port: number };
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

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
]);

function switchIn(name: string, text: string): boolean {
  const value = SWITCHES.get(text);
  if (value === undefined) throw invalid(name, text, "0 or 1");
  return value;
}

function invalid(name: string, text: string, expected: string): RangeError {
  return new RangeError(`Environment variable ${name} must be ${expected}, got "${text}"`);
}
