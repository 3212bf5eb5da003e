/**
 * The preload `promhttp/register`: serves the metrics of any application without a line of code.
 *
 * Runs before the application. It decides whether this process serves (`role.ts`), looks for the
 * client libraries that the application will import, and marks the environment for child processes.
 * It does the rest (`serve.ts`) a moment later, so that a process which ends soon pays nothing.
 *
 * It must not be noticed: it never throws, adds no listener, writes nothing to standard output, and
 * nothing that it starts keeps the process alive.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { debuglog, inspect } from "node:util";
import { isMainThread } from "node:worker_threads";
import { findClientLibraries, INSTALL_HINT } from "../client-libraries.ts";
import type { Environment } from "./environment.ts";
import { mainScript, reasonNotToServe } from "./role.ts";

/** The environment variable that tells child processes which process serves, or that none can. */
const MARK = "PROMHTTP_SERVED_BY";

/** Its value after a process has warned that there is no client library. */
const NOBODY = "nobody";

/** How long the application has the process to itself. One that exits sooner pays nothing. */
const DELAY_MS = 100;

const debug = debuglog("promhttp");

/** Serves the metrics of the application that this process is about to run, if that is its role. */
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
    else debug("Not serving metrics: %s", reason);
  } catch (error) {
    giveUp(error);
  }
}

function start(script: string | undefined): void {
  const libraries = librariesOf(script);
  if (libraries.length === 0) {
    const line = `Cannot serve metrics: no client library found. ${INSTALL_HINT}`;
    if (process.env[MARK] === NOBODY) debug(line);
    else warn(`promhttp: ${line}`);
    // A child process may find one and then serve; if not, it must not repeat the warning.
    process.env[MARK] = NOBODY;
    return;
  }
  // Now, because the application may change its environment and start child processes at any time.
  const env: Environment = { ...process.env };
  process.env[MARK] = `${process.pid}`;
  setTimeout(() => serveLater(libraries, env), DELAY_MS).unref();
}

/** Imports the server only here: most processes that inherit the preload do not serve. */
function serveLater(libraries: readonly string[], env: Environment): void {
  import("./serve.ts")
    .then(({ serve }) => serve(libraries, env, warn))
    .then((url) => debug("Metrics at %s", url))
    .catch(giveUp);
}

/** The libraries that the application imports; those of the working folder if it has none. */
function librariesOf(script: string | undefined): string[] {
  const libraries = script === undefined ? [] : findClientLibraries(script);
  return libraries.length > 0 ? libraries : findClientLibraries(join(process.cwd(), "[preload]"));
}

function giveUp(error: unknown): void {
  // A library may throw anything, which `inspect` can show.
  const reason = error instanceof Error ? error.message : inspect(error);
  warn(`promhttp: Cannot serve metrics: ${reason}`);
}

/** Whether an argument of Node loads this module. */
function isPreload(argument: string): boolean {
  return /\bpromhttp[\\/]register$|[\\/]dist[\\/]register\.js$/.test(argument);
}

/** A worker has a channel to its parent; without one, `node:cluster` need not be loaded. */
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
    // It exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Writes a line to standard error, and never throws. Does not touch `process.stderr` and emits no
 * warning, because the application could see both.
 */
function warn(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // There is nowhere left to report it.
  }
}
