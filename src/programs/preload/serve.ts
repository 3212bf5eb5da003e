import { messageOf } from "../../errors.ts";
import { Server } from "../../index.ts";
import { type ClientLibrary, defaultSources, loadClientLibrary } from "../client-libraries.ts";
import { type Environment, readEnvironment } from "./environment.ts";

/**
 * Serves the registries of an application's client libraries, without keeping the process alive.
 *
 * @param paths The paths of the libraries.
 * @param warn Writes a line for the operator.
 * @returns The URL of the metrics.
 * @throws {RangeError} For an invalid environment variable.
 * @throws {ListenError} When the address cannot be listened on.
 */
export async function serve(
  paths: readonly string[],
  env: Environment,
  warn: (line: string) => void,
): Promise<string> {
  const { address, path, hasDefaultMetrics } = readEnvironment(env);
  const load = (library: string): ClientLibrary | [] => {
    try {
      return loadClientLibrary(library);
    } catch (error) {
      warn(`promhttp: Cannot load ${library}: ${messageOf(error)}`);
      return [];
    }
  };
  const sources = defaultSources(paths.flatMap(load), hasDefaultMetrics);
  const logger = { error: warn, warn };
  const server = await Server.listen(sources, address, { path, logger, unref: true });
  return server.url;
}
