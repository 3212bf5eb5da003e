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
import { messageOf, STANDARD_ERROR_LOGGER } from "../standard-error.ts";
import { EXPORTER } from "./exporter-files.ts";
import type { OriginalSettings } from "./settings.ts";
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
 * alive.
 *
 * @returns What closes the port.
 * @throws The error of the system when the address cannot be listened on, as the exporter's own server has it.
 */
export async function serve(
  exporter: Collecting,
  settings: OriginalSettings,
  { own, version, say }: ServeParts,
): Promise<Pick<Server, "close">> {
  try {
    const server = await listen(exporter, settings);
    say(lineOf(server.url, settings, version));
    return server;
  } catch (failure) {
    if (isInstance(failure, ListenError)) {
      say(`Cannot serve metrics: ${failure.message}`);
      throw failure.cause;
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
  const options = { ...SERVER_DEFAULTS, logger: LOGGER, path };
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

/** Makes the function that answers the requests of an application's own server with an exporter's metrics. */
export function answerFor(exporter: Collecting, settings: OriginalSettings): Answer {
  const handler = createHandler(metricsOf(exporter, settings), {
    ...HANDLER_DEFAULTS,
    logger: LOGGER,
  });
  const log = createLog(LOGGER);
  return (request, response) => answerRouted(request, response, handler, log);
}
