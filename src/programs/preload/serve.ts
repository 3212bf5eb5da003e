import { messageOf } from "../../errors.ts";
import { Server } from "../../index.ts";
import { type ClientLibrary, loadClientLibrary } from "../client-libraries.ts";
import { defaultSources } from "../default-sources.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { warn } from "./warn.ts";

/**
 * Serves what the client libraries of an application have, without keeping the process alive.
 *
 * @param paths Where the libraries are.
 * @returns The URL of the metrics.
 * @throws {RangeError} For an environment variable that cannot be used.
 * @throws {ListenError} When the address cannot be listened on.
 */
export async function serve(paths: readonly string[], env: Environment): Promise<string> {
  const { address, path, hasDefaultMetrics } = readEnvironment(env);
  const sources = defaultSources(paths.flatMap(loadOrWarn), hasDefaultMetrics);
  const logger = { error: warn, warn };
  const server = await Server.listen(sources, address, { path, logger, unref: true });
  return server.url;
}

function loadOrWarn(path: string): ClientLibrary | [] {
  try {
    return loadClientLibrary(path);
  } catch (error) {
    warn(`promhttp: Cannot load ${path}: ${messageOf(error)}`);
    return [];
  }
}
