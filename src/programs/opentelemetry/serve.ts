import type { IncomingMessage, ServerResponse } from "node:http";
import { isInstance, ListenError } from "../../errors.ts";
import { diagLogger } from "../../exporter/diag-logger.ts";
import { HOST_VARIABLE, PORT_VARIABLE, readVariables } from "../../exporter/environment.ts";
import { HANDLER_DEFAULTS, SERVER_DEFAULTS } from "../../exporter/exporter-settings.ts";
import { startLineOf } from "../../exporter/place.ts";
import { answerRouted } from "../../exporter/plain-response.ts";
import type { Collecting } from "../../gatherers/opentelemetry/collected.ts";
import { createGatherer } from "../../gatherers/opentelemetry/gatherer.ts";
import { resolveMapping } from "../../gatherers/opentelemetry/mapping-rules.ts";
import { createHandler, type Logger, Server } from "../../index.ts";
import { createLog } from "../../log.ts";
import type { Gatherer } from "../../model/gatherer.ts";
import { nodeModule } from "../../node.ts";
import { securityIn } from "../security-variables.ts";
import { messageOf, STANDARD_ERROR_LOGGER } from "../standard-error.ts";
import { threadIn } from "../switch-variables.ts";
import { EXPORTER } from "./exporter-files.ts";
import { isGuarded, type OriginalSettings } from "./settings.ts";
import type { ExporterMethods } from "./take-over.ts";

// As OpenTelemetry logs, but without `info()`: by default, it would write to standard output.
const { error, warn } = diagLogger(STANDARD_ERROR_LOGGER);

const LOGGER: Logger = { error, warn };

/**
 * Takes Node's modules from what gave them before OpenTelemetry was loaded. The exporter has its own before
 * that, too, so an application is no more instrumented than with it.
 */
export function takeModulesFrom(getBuiltinModule: NodeJS.Process["getBuiltinModule"]): void {
  nodeModule.original = getBuiltinModule;
}

/** What to do beside serving. */
export interface ServeParts {
  /** The methods of the exporter, which serve where ours cannot. */
  readonly own: Pick<ExporterMethods, "startServer" | "stopServer">;
  /** The version of the exporter, for messages. */
  readonly version: string;
  /** Writes a line for the operator. */
  readonly say: (line: string) => void;
}

/**
 * Serves the metrics of an exporter where it would serve them itself. The server does not keep the process
 * alive. What the environment says of who may connect and ask holds, or nothing is served.
 *
 * @param read Reads what the exporter was configured with.
 * @returns What closes the port.
 * @throws The error of the system when the address cannot be listened on, as the exporter's own server has it.
 *   Where the environment says who may ask, whatever keeps us from serving.
 */
export async function serve(
  exporter: Collecting,
  read: () => OriginalSettings,
  { own, version, say }: ServeParts,
): Promise<Pick<Server, "close">> {
  try {
    const settings = read();
    const server = await listen(exporter, settings);
    say(lineOf(server.url, settings, version));
    return server;
  } catch (failure) {
    if (isInstance(failure, ListenError)) {
      say(`Cannot serve metrics: ${failure.message}`);
      throw failure.cause;
    }
    if (isGuarded(process.env)) {
      say(`Cannot serve metrics: ${messageOf(failure)}`);
      throw failure;
    }
    // Such as a path that our server uses itself.
    say(`Cannot replace the server of ${EXPORTER} ${version}: ${messageOf(failure)}`);
    await own.startServer();
    return { close: own.stopServer };
  }
}

function listen(exporter: Collecting, settings: OriginalSettings): Promise<Server> {
  const { host, port, path } = settings;
  const address = host === undefined ? { port } : { host, port };
  const { env } = process;
  const variables = { ...securityIn(env), thread: threadIn(env) };
  const options = { ...SERVER_DEFAULTS, ...variables, logger: LOGGER, path };
  return Server.listen(metricsOf(exporter, settings), address, options);
}

/** The metrics of an exporter, under the names that it gives them. */
export function metricsOf(
  exporter: Collecting,
  { mapping, namesByInstrument }: Pick<OriginalSettings, "mapping" | "namesByInstrument">,
): Gatherer {
  return createGatherer(exporter, { ...resolveMapping(mapping), namesByInstrument });
}

/** The line that says where the metrics are, in whose place, and what has set that. */
function lineOf(url: string, { host, port }: OriginalSettings, version: string): string {
  const variables = readVariables();
  const origins = [
    `in place of ${EXPORTER} ${version}`,
    host === variables.host ? `host: set by ${HOST_VARIABLE}` : [],
    `${port}` === variables.port ? `port: set by ${PORT_VARIABLE}` : [],
  ];
  return startLineOf(url, { host, port, origin: origins.flat().join("; ") });
}

/** Answers a request that another server has received. It never rejects. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Makes the function that answers the requests of an application's own server with an exporter's metrics.
 *
 * @throws {Error} For a web configuration file, half of which another server could not keep.
 * @throws {RangeError} For an invalid environment variable.
 * @throws {ConfigError} When the file of tokens cannot be used.
 */
export function answerFor(exporter: Collecting, settings: OriginalSettings): Answer {
  const { webConfigFile, ...security } = securityIn(process.env);
  if (webConfigFile !== undefined) throw new Error(NOT_OURS);
  const handler = createHandler(metricsOf(exporter, settings), {
    ...HANDLER_DEFAULTS,
    ...security,
    logger: LOGGER,
  });
  const log = createLog(LOGGER);
  return (request, response) => answerRouted(request, response, handler, log);
}

const NOT_OURS =
  "PROMHTTP_WEB_CONFIG_FILE needs a server of the exporter, and the application routes requests to it itself";
