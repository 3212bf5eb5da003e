import { join } from "node:path";
import { debuglog, inspect } from "node:util";
import { isMainThread } from "node:worker_threads";
import { findClientLibraries, INSTALL_HINT } from "../client-libraries.ts";
import type { Environment } from "./environment.ts";
import { mainScript } from "./main-script.ts";
import { reasonNotToServe } from "./role.ts";
import { warn } from "./warn.ts";

/** Says in the environment of all children which process serves, or that none can. */
const MARK = "PROMHTTP_SERVED_BY";

/** The mark of a process that has told that there is no client library. */
const NOBODY = "nobody";

/** How long the application has the process to itself. One that ends sooner pays nothing. */
const DELAY_MS = 100;

const debug = debuglog("promhttp");

/**
 * Serves the metrics of the application that this process is about to run, if that is for it to do.
 * It never throws, and what it starts never keeps the process alive.
 */
export function preload(): void {
  try {
    const script = mainScript(process.argv[1]);
    const reason = reasonNotToServe({
      isMainThread,
      isClusterWorker: isClusterWorker(),
      servedBy: process.env[MARK],
      pid: process.pid,
      isAlive,
      script,
      isExplicit: process.execArgv.some(isPreload),
    });
    if (reason === undefined) start(script);
    else debug("No metrics are served: %s", reason);
  } catch (error) {
    giveUp(error);
  }
}

function start(script: string | undefined): void {
  const libraries = librariesOf(script);
  if (libraries.length === 0) {
    const line = `No metrics are served: there is no client library. ${INSTALL_HINT}`;
    if (process.env[MARK] === NOBODY) debug(line);
    else warn(`promhttp: ${line}`);
    // A child may find one, and serves then; it need not say the same again.
    process.env[MARK] = NOBODY;
    return;
  }
  // Now, because the application may change its environment, and start children, at any time.
  const env: Environment = { ...process.env };
  process.env[MARK] = `${process.pid}`;
  setTimeout(() => serveLater(libraries, env), DELAY_MS).unref();
}

/** Nothing is loaded before it is needed: most processes that inherit the preload do not serve. */
function serveLater(libraries: readonly string[], env: Environment): void {
  import("./serve.ts")
    .then(({ serve }) => serve(libraries, env))
    .then((url) => debug("Metrics at %s", url))
    .catch(giveUp);
}

/** The libraries that the application gets; those of the working folder where it has none. */
function librariesOf(script: string | undefined): string[] {
  const own = script === undefined ? [] : findClientLibraries(script);
  return own.length > 0 ? own : findClientLibraries(join(process.cwd(), "[preload]"));
}

function giveUp(error: unknown): void {
  // What an address or a library throws is an error; whatever else it is, `inspect` can show it.
  const reason = error instanceof Error ? error.message : inspect(error);
  warn(`promhttp: No metrics are served: ${reason}`);
}

/** Tells whether an argument of Node is what loads this module. */
function isPreload(argument: string): boolean {
  return /\bpromhttp[\\/]register$|[\\/]dist[\\/]register\.js$/.test(argument);
}

/** Without a channel to its parent it is none, and `node:cluster` need not be loaded. */
function isClusterWorker(): boolean {
  if (!process.connected) return false;
  // Its types are those of its default export.
  const cluster = process.getBuiltinModule("node:cluster") as unknown as { isWorker: boolean };
  return cluster.isWorker;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
