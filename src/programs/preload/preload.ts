/**
 * The preload `promhttp/register`: serves the metrics of any application without a line of code.
 *
 * Runs before the application. It decides whether this process or thread takes part (`role.ts`), looks for
 * the client libraries that the application will import, and marks the environment for child processes
 * (`mark.ts`). It does the rest (`serve.ts`) a moment later, so that a process which ends soon pays nothing:
 * the first one of an application serves, the others report to it.
 *
 * It must not be noticed: it never throws, writes nothing to standard output, and nothing that it starts
 * keeps the process alive. The only listener that it adds is the one that reports last numbers at the exit
 * of a process whose metrics are served.
 *
 * @module
 */
import { debuglog } from "node:util";
import { isMainThread } from "node:worker_threads";
import { INSTALL_HINT } from "../client-libraries.ts";
import { messageOf, warn } from "../standard-error.ts";
import { collectFacts } from "./facts.ts";
import { hasPackages, librariesOf } from "./libraries.ts";
import { hasMark, isUnserved, leaveMark, markUnserved } from "./mark.ts";
import { isInvited, isToolProcess, type ProcessFacts, reasonNotToServe } from "./role.ts";
import type { ServeContext } from "./serve.ts";
import { applicationEnvironment, type Environment } from "./variables.ts";
import { DELAY_MS, whenLoaded } from "./when-loaded.ts";

const NO_LIBRARY = `no client library found. ${INSTALL_HINT}`;

const debug = debuglog("promhttp");

/** Serves the metrics of the application that this process is about to run, if that is its role. */
export function preload(): void {
  // Now, because the application may change its environment at any time.
  const env = applicationEnvironment(process.env);
  if (isMainThread) takePart(env);
  // With `--require`, Node names the script of a thread only when all preloads have run.
  else queueMicrotask(() => takePart(env));
}

function takePart(env: Environment): void {
  try {
    const facts = collectFacts(env);
    const reason = reasonNotToServe(facts);
    if (reason === undefined) start(facts, env);
    else if (!facts.hasWorkers && facts.isClusterWorker && !hasMark(env)) cannotServe(CLUSTER, env);
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
  "this is a cluster worker, and PROMHTTP_WORKERS is 0. Unset it, or run the application as one process, " +
  'as pm2 does with exec_mode "fork"';

function start(facts: ProcessFacts, env: Environment): void {
  const { script, isExplicit } = facts;
  const context = { env, isMember: isInvited(facts) };
  const libraries = librariesOf(script);
  if (libraries.length > 0) {
    leaveMark(env);
    // No timer wakes a thread of a pool that waits for its next task in `Atomics.wait()`. While PM2 reloads,
    // a new worker must have joined before the old ones are ended, or the counters start anew.
    if (!isMainThread || facts.isClusterWorker) serveLater(libraries, context);
    else setTimeout(() => serveLater(libraries, context), DELAY_MS).unref();
  } else if (context.isMember || hasPackages(script) || !isExplicit) {
    // A dependency of the application may bring one. Until then a child process may serve. With
    // `NODE_OPTIONS`, most processes are tools and scripts, which end soon.
    if (!context.isMember) markUnserved();
    serveWhenLoaded(context);
  } else cannotServe(NO_LIBRARY, env);
}

/** Serves when a dependency has loaded a client library that the application cannot import itself. */
function serveWhenLoaded(context: ServeContext): void {
  const { env, isMember } = context;
  const onLoaded = () => {
    leaveMark(env);
    serveLater([], context);
  };
  whenLoaded(onLoaded, () => complain(NO_LIBRARY, isMember || isUnserved(env)));
}

/** A tool that loads a client library is one that runs the application in its own process. */
function complainWhenLoaded(reason: string): void {
  // Its worker processes, of a test runner for example, come and go.
  if (!process.connected) whenLoaded(() => complain(reason, false));
}

/** Says why the process cannot serve, once for it and its child processes, which may try themselves. */
function cannotServe(reason: string, env: Environment): void {
  complain(reason, isUnserved(env));
  markUnserved();
}

/** Imports the server only here: most processes that inherit the preload do not serve. */
function serveLater(libraries: readonly string[], context: ServeContext): void {
  import("./serve.ts")
    .then(({ serve }) => serve(libraries, context, warn))
    .then(debug)
    // What stops a member stops the process above it, too.
    .catch((error) => giveUp(error, context.isMember));
}

function giveUp(error: unknown, isRepeated = false): void {
  complain(messageOf(error), isRepeated);
}

/** Says why the process cannot serve; only for debugging, if its parent has said so. */
function complain(reason: string, isRepeated: boolean): void {
  const line = `Cannot serve metrics: ${reason}`;
  if (isRepeated) debug(line);
  else warn(`promhttp: ${line}`);
}
