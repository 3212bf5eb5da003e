import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { mainScript } from "../main-script.ts";
import { inviterOf, packageOfProcess } from "./mark.ts";
import type { ProcessFacts } from "./role.ts";
import { type Environment, hasWorkers } from "./variables.ts";

/**
 * Collects what decides whether this process or thread takes part.
 *
 * @param env The variables that it started with.
 */
export function collectFacts(env: Environment): ProcessFacts {
  const { npm_execpath: packageManager, pm_exec_path: pm2Script } = env;
  const script = mainScript(process.argv[1], pm2Script);
  const servedBy = inviterOf(env);
  return {
    hasWorkers: hasWorkers(env),
    isMainThread,
    isClusterWorker: isClusterWorker(),
    hasChannel: process.connected === true,
    servedBy,
    pid: process.pid,
    parentPid: process.ppid,
    package: servedBy?.hasGroup ? packageOfProcess() : "",
    isAlive,
    script,
    packageManager: mainScript(packageManager),
    isExplicit: process.execArgv.some(isPreload),
    isProgram: script === PROGRAM,
  };
}

/** The program `promhttp`, which is beside this file. */
const PROGRAM = join(import.meta.dirname, "cli.js");

/** Whether an argument of Node loads the preload. */
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
