import { hostFor, SDK } from "./default-host.ts";
import { HOST_VARIABLE, PORT_VARIABLE, type Variables } from "./environment.ts";

/** Where to listen, and who says so. */
export interface Place {
  /** `undefined` means every interface. */
  readonly host: string | undefined;
  readonly port: number;
  /** Where the host and the port come from, in words. */
  readonly origin: string;
}

/** What the application says of where to listen. */
export interface Wanted {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly variables: Variables;
}

/** The port of OpenTelemetry's exporters. */
export const DEFAULT_PORT = 9464;

/**
 * Decides where to listen: an option wins over the environment, and that over the default. A variable
 * that is not a port is ignored, as in `@opentelemetry/exporter-prometheus`; the origin says so.
 *
 * @param readSdkVersion Called only for a host that nobody has given, because it reads files.
 */
export function placeOf(wanted: Wanted, readSdkVersion: () => string | undefined): Place {
  const [host, hostOrigin] = hostOf(wanted, readSdkVersion);
  const [port, portOrigin] = portOf(wanted);
  return { host, port, origin: `host: ${hostOrigin}; port: ${portOrigin}` };
}

/**
 * The line that says where the metrics are: a host that is not the expected one loses a scraper, and
 * nothing else shows it.
 */
export function startLineOf(url: string, { host, origin }: Place): string {
  const reach = EVERY_INTERFACE.includes(host) ? ", on every interface" : "";
  return `Metrics at ${url}${reach} (${origin})`;
}

const EVERY_INTERFACE: readonly (string | undefined)[] = [undefined, "0.0.0.0", "::"];

const BY_OPTION = "set by the option";

function hostOf(
  { host, variables }: Wanted,
  readSdkVersion: () => string | undefined,
): [host: string | undefined, origin: string] {
  if (host !== undefined) return [host, BY_OPTION];
  if (variables.host !== "") return [variables.host, `set by ${HOST_VARIABLE}`];
  const version = readSdkVersion();
  const reason = version === undefined ? `default without ${SDK}` : `default for ${SDK} ${version}`;
  const found = hostFor(version);
  if (found === undefined) return [found, reason];
  return [found, `${reason}, scrapers on other machines need ${HOST_VARIABLE}=0.0.0.0`];
}

function portOf({ port, variables }: Wanted): [port: number, origin: string] {
  if (port !== undefined) return [port, BY_OPTION];
  if (variables.port === "") return [DEFAULT_PORT, "default"];
  const given = Number(variables.port);
  if (Number.isInteger(given)) return [given, `set by ${PORT_VARIABLE}`];
  return [DEFAULT_PORT, `default, because ${PORT_VARIABLE} is not a port`];
}
