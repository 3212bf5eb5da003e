import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { messageOf } from "../../errors.ts";
import { gathererOf } from "../../gatherers/gatherer-of.ts";
import { type Gatherer, Server, type WorkersOptions } from "../../index.ts";
import {
  type ClientLibrary,
  defaultSources,
  loadClientLibrary,
  loadedClientLibraries,
  sourceAt,
} from "../client-libraries.ts";
import { STANDARD_ERROR_LOGGER } from "../standard-error.ts";
import { readEnvironment } from "./environment.ts";
import type { Environment } from "./variables.ts";

/** What the preload knows of the process or thread in which it serves. */
export interface ServeContext {
  /** The variables that it started with. */
  readonly env: Environment;
  /** Whether it belongs to the process above it, which takes part: that one says what is wrong. */
  readonly isMember: boolean;
}

/** Writes a line for the operator. */
type Warn = (line: string) => void;

/**
 * Serves the registries of an application's client libraries, or reports them to the process that serves
 * those of the whole application. It does not keep the process alive.
 *
 * @param paths The paths of the libraries to load; those that the application loads are added.
 * @returns What to say of it, with the URL of the metrics.
 * @throws {RangeError} For an invalid environment variable.
 * @throws {ListenError} When the address cannot be listened on.
 */
export async function serve(
  paths: readonly string[],
  { env, isMember }: ServeContext,
  warn: Warn,
): Promise<string> {
  const { address, hasDefaultMetrics, workers, thread, ...options } = readEnvironment(env);
  const gatherer = createLibraryGatherer(paths, hasDefaultMetrics, warn);
  const server = await Server.listen(gatherer, address, {
    ...options,
    workers: workers !== false && workersOptions(workers, patienceOf(isMember), warn),
    // A thread of the application never serves, so it needs no further one.
    thread: thread && isMainThread,
    logger: STANDARD_ERROR_LOGGER,
    unref: true,
  });
  return server.role === "member" ? `Reporting to ${server.url}` : `Metrics at ${server.url}`;
}

/**
 * How long a worker waits for the process above it to serve, which outlives it most of the time, and
 * which may have more to do at the start.
 */
const MEMBER_PATIENCE_MS = 1_000;

/** A thread may end, or sleep for long, at any time. Its process is part of the group, too. */
function patienceOf(isMember: boolean): number {
  if (!isMainThread) return Number.POSITIVE_INFINITY;
  return isMember ? MEMBER_PATIENCE_MS : 0;
}

function workersOptions(workers: true | "label", patienceMs: number, warn: Warn): WorkersOptions {
  // The main thread says it for all threads, which may come and go.
  let isSaid = !isMainThread;
  return {
    mode: workers === "label" ? "label" : "aggregate",
    patienceMs,
    onJoined({ pid, name }) {
      if (!isSaid) warn(`promhttp: Metrics are reported to process ${pid} (${name})`);
      isSaid = true;
    },
  };
}

/**
 * Gathers from every copy of a client library in the process. The application may load further ones
 * at any time, so each scrape looks for them: that costs 0.3 ms of CPU if 2,000 modules are loaded.
 */
function createLibraryGatherer(
  paths: readonly string[],
  hasDefaultMetrics: boolean,
  warn: Warn,
): Gatherer {
  const libraries: ClientLibrary[] = [];
  const known = new Set<unknown>();
  const faults: string[] = [];
  const add = (path: string, library: ClientLibrary): void => {
    if (known.has(library.register)) return;
    known.add(library.register);
    try {
      gathererOf(library.register);
      libraries.push(library);
    } catch (error) {
      faults.push(`Cannot serve ${labelOf(path)}: ${messageOf(error)}`);
    }
  };
  const addLoaded = (): void => {
    for (const [path, library] of loadedClientLibraries()) add(path, library);
  };
  for (const path of paths) {
    try {
      add(path, loadClientLibrary(path));
    } catch (error) {
      faults.push(`Cannot load ${path}: ${messageOf(error)}`);
    }
  }
  addLoaded();
  if (libraries.length === 0) throw new Error(faults.join("; "));

  const sources = defaultSources(libraries, hasDefaultMetrics);
  let count = libraries.length;
  let gatherer = gathererOf(sources);
  const report = (): void => {
    for (const fault of faults.splice(0)) warn(`promhttp: ${fault}`);
  };
  report();
  return {
    gather(context) {
      addLoaded();
      report();
      if (count < libraries.length) {
        while (count < libraries.length) sources.push(sourceAt(libraries, count++));
        gatherer = gathererOf(sources);
      }
      return gatherer.gather(context);
    },
  };
}

/** The version and the place of a client library. */
function labelOf(path: string): string {
  try {
    const text = readFileSync(join(dirname(path), "package.json"), "utf8");
    const { name, version } = JSON.parse(text);
    return `${name} ${version} in ${dirname(path)}`;
  } catch {
    return path;
  }
}
