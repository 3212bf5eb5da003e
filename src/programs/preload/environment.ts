import { isMetricsPath } from "../../http/routes.ts";
import type { Address } from "../../index.ts";
import { ADDRESS_FORMS, readAddress } from "../../server/address.ts";

/** What the environment says about the preload. */
export interface PreloadSettings {
  readonly address: Address;
  readonly path: string | undefined;
  readonly hasDefaultMetrics: boolean;
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = "9464";

/**
 * Reads the settings of the preload; a variable that is empty is one that is not set.
 *
 * @throws {RangeError} For a value that cannot be used; the message names its variable.
 */
export function readEnvironment(env: Environment): PreloadSettings {
  const { PROMHTTP_ADDRESS, PROMHTTP_PATH, PROMHTTP_DEFAULT_METRICS } = env;
  return {
    address: PROMHTTP_ADDRESS ? addressIn("PROMHTTP_ADDRESS", PROMHTTP_ADDRESS) : otherAddress(env),
    path: PROMHTTP_PATH ? pathIn("PROMHTTP_PATH", PROMHTTP_PATH) : undefined,
    hasDefaultMetrics: PROMHTTP_DEFAULT_METRICS
      ? switchIn("PROMHTTP_DEFAULT_METRICS", PROMHTTP_DEFAULT_METRICS)
      : true,
  };
}

function addressIn(name: string, text: string): Address {
  const address = readAddress(text);
  if (address === undefined) throw unusable(name, text, ADDRESS_FORMS);
  return address;
}

/**
 * OpenTelemetry's variables, with the default that its specification gives to each; ours where
 * neither is set.
 */
function otherAddress(env: Environment): Address {
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: port } = env;
  if (!host && !port) return `:${DEFAULT_PORT}`;
  const number = /^\d+$/.test(port || DEFAULT_PORT) ? Number(port || DEFAULT_PORT) : Number.NaN;
  if (!(number < 65_536)) {
    throw unusable("OTEL_EXPORTER_PROMETHEUS_PORT", `${port}`, `a port, such as ${DEFAULT_PORT}`);
  }
  return { host: host || "localhost", port: number };
}

function pathIn(name: string, text: string): string {
  if (isMetricsPath(text)) return text;
  throw unusable(name, text, "a path, such as /metrics");
}

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
]);

function switchIn(name: string, text: string): boolean {
  const value = SWITCHES.get(text);
  if (value === undefined) throw unusable(name, text, "0 or 1");
  return value;
}

function unusable(name: string, text: string, use: string): RangeError {
  return new RangeError(`The environment variable ${name} cannot be used: "${text}". Use ${use}`);
}
