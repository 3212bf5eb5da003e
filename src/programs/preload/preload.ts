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
import { readdirSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { debuglog, inspect } from "node:util";
import { isMainThread } from "node:worker_threads";
import { findClientLibraries, INSTALL_HINT } from "../client-libraries.ts";
import type { Environment } from "./environment.ts";
import { isToolProcess, mainScript, type ProcessFacts, reasonNotToServe } from "./role.ts";
import { DELAY_MS, whenLoaded } from "./when-loaded.ts";

/** The environment variable that tells child processes which process serves, or that none can. */
const MARK = "PROMHTTP_SERVED_BY";

/** Its value after a process has said why it cannot serve, or while it waits for a client library. */
const NOBODY = "nobody";

const NO_LIBRARY = `no client library found. ${INSTALL_HINT}`;

const debug = debuglog("promhttp");

/** Serves the metrics of the application that this process is about to run, if that is its role. */
export function preload(): void {
  try {
    const { npm_execpath: packageManager, pm_exec_path: pm2Script } = process.env;
    const facts: ProcessFacts = {
      isMainThread,
      isClusterWorker: isClusterWorker(),
      servedBy: process.env[MARK],
      pid: process.pid,
      isAlive,
      script: mainScript(process.argv[1], pm2Script),
      packageManager: mainScript(packageManager),
      isExplicit: process.execArgv.some(isPreload),
    };
    const reason = reasonNotToServe(facts);
    if (reason === undefined) start(facts);
    else if (facts.isClusterWorker && facts.servedBy === undefined) cannotServe(CLUSTER);
    else {
      debug("Not serving metrics: %s", reason);
      if (isToolProcess(facts)) complainWhenLoaded(reason);
    }
  } catch (error) {
    giveUp(error);
  }
}

/** With a primary process that has the preload, that one serves. That of pm2 has not. */
const CLUSTER =
  'this is a cluster worker. Run the application as one process, as pm2 does with exec_mode "fork"';

function start({ script, isExplicit }: ProcessFacts): void {
  const libraries = librariesOf(script);
  // Now, because the application may change its environment and start child processes at any time.
  const env: Environment = { ...process.env };
  if (libraries.length > 0) {
    process.env[MARK] = `${process.pid}`;
    setTimeout(() => serveLater(libraries, env), DELAY_MS).unref();
  } else if (hasPackages(script) || !isExplicit) {
    // A dependency of the application may bring one. Until then a child process may serve. With
    // `NODE_OPTIONS`, most processes are tools and scripts, which end soon.
    process.env[MARK] ??= NOBODY;
    serveWhenLoaded(env);
  } else cannotServe(NO_LIBRARY);
}

/** Serves when a dependency has loaded a client library that the application cannot import itself. */
function serveWhenLoaded(env: Environment): void {
  const onLoaded = () => {
    process.env[MARK] = `${process.pid}`;
    serveLater([], env);
  };
  whenLoaded(onLoaded, () => complain(NO_LIBRARY, env[MARK] === NOBODY));
}

/** A tool that loads a client library is one that runs the application in its own process. */
function complainWhenLoaded(reason: string): void {
  // Its worker processes, of a test runner for example, come and go.
  if (!process.connected) whenLoaded(() => complain(reason, false));
}

/** Says why the process cannot serve, once for it and its child processes, which may try themselves. */
function cannotServe(reason: string): void {
  complain(reason, process.env[MARK] === NOBODY);
  process.env[MARK] = NOBODY;
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
  return libraries.length > 0 ? libraries : findClientLibraries(inWorkingFolder());
}

/** Whether the application can import a package beside this one, which may bring a client library. */
function hasPackages(script: string | undefined): boolean {
  // Yarn's Plug'n'Play has no folder for packages.
  if (process.versions["pnp"] !== undefined) return true;
  const isPackage = (name: string) => /^[^.]/.test(name) && name !== "promhttp";
  return [script ?? [], inWorkingFolder()].flat().some((file) =>
    (createRequire(file).resolve.paths("promhttp") ?? []).some((folder) => {
      try {
        return readdirSync(folder).some(isPackage);
      } catch {
        return false;
      }
    }),
  );
}

function inWorkingFolder(): string {
  return join(process.cwd(), "[preload]");
}

function giveUp(error: unknown): void {
  // A library may throw anything, which `inspect` can show.
  complain(error instanceof Error ? error.message : inspect(error), false);
}

/** Says why the process cannot serve; only for debugging, if its parent has said so. */
function complain(reason: string, isRepeated: boolean): void {
  const line = `Cannot serve metrics: ${reason}`;
  if (isRepeated) debug(line);
  else warn(`promhttp: ${line}`);
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
