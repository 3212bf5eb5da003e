/** What the process says about where to listen. Only this file of the room reads environment variables. */

/**
 * The variables of the specification. The exporter of SDK 3 leaves them to others; here they count with
 * every SDK.
 */
export const HOST_VARIABLE = "OTEL_EXPORTER_PROMETHEUS_HOST";
export const PORT_VARIABLE = "OTEL_EXPORTER_PROMETHEUS_PORT";

/** What the two variables say; `""` for one that is not set. */
export interface Variables {
  readonly host: string;
  readonly port: string;
}

/** Reads the two variables. An empty one counts as unset. */
export function readVariables(): Variables {
  const { [HOST_VARIABLE]: host = "", [PORT_VARIABLE]: port = "" } = process.env;
  return { host: host.trim(), port: port.trim() };
}
