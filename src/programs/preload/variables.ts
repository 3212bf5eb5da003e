/**
 * What is read of the environment before the application runs. What checks the settings is not loaded
 * yet: most processes that inherit the preload do not serve.
 */
import { textOf } from "../../options/address.ts";
import { parseAddress, readAddress } from "../../options/parse-address.ts";
import { SWITCHES } from "../switch-variables.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = "9464";

/** Whether the processes and threads of an application are one target; an invalid value does not say no. */
export function hasWorkers({ PROMHTTP_WORKERS }: Environment): boolean {
  return SWITCHES.get(PROMHTTP_WORKERS ?? "") !== false;
}

/** Where to listen, as it was written. */
export function addressIn(env: Environment): string | { host: string; port: string } {
  const { PROMHTTP_ADDRESS: address } = env;
  if (address) return address;
  // OpenTelemetry's variables, each with the default of its specification; ours if neither is set.
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: port } = env;
  if (!host && !port) return `:${DEFAULT_PORT}`;
  return { host: host || "localhost", port: port || DEFAULT_PORT };
}

/** The same as the text by which the processes of an application agree; `""` for an invalid one. */
export function addressText(env: Environment): string {
  const given = addressIn(env);
  const address = typeof given === "string" ? readAddress(given) : { ...given, port: +given.port };
  try {
    return textOf(parseAddress(address)) ?? "";
  } catch {
    // Whoever serves says so.
    return "";
  }
}

/**
 * The variables that the application will have: in cluster mode, pm2 sets those of its configuration only
 * after the preload has run.
 */
export function applicationEnvironment(env: Environment): Environment {
  const { pm2_env: json } = env;
  if (json === undefined) return { ...env };
  try {
    const variables: Readonly<Record<string, unknown>> = Object(JSON.parse(json));
    const texts = Object.entries(variables).filter(([, value]) => typeof value !== "object");
    return { ...env, ...Object.fromEntries(texts.map(([name, value]) => [name, `${value}`])) };
  } catch {
    // A variable of that name may have any text.
    return { ...env };
  }
}
