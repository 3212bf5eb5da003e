/**
 * The facts about this process that decide which group it joins. Only this file of the room reads environment
 * variables, arguments, and what pm2 tells the applications that it runs.
 */
import { nodeModule } from "../node.ts";

/** What a process or thread says about itself. */
export interface Environment {
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  readonly parentPid: number;
  /** 0 for the main thread. */
  readonly thread: number;
  /** The effective user; `undefined` on Windows, which has none. */
  readonly uid: number | undefined;
  /** Where the system keeps temporary files. */
  readonly temporaryFolder: string;
  /** `PROMHTTP_RUNTIME_DIR`. */
  readonly runtimeFolder: string | undefined;
  /** `PROMHTTP_GROUP`. */
  readonly group: string | undefined;
  /** `PROMHTTP_SERVED_BY`; `mark.ts` reads it. */
  readonly mark: string | undefined;
  /** Whether it is a cluster worker, a thread, or the child of a `fork()`. */
  readonly isOffspring: boolean;
  /** The script that the process was started with, as it was named; `undefined` without one. */
  readonly script: string | undefined;
  /** Where it works. */
  readonly folder: string;
  /** What pm2 calls the application, if pm2 has started this process itself. */
  readonly pm2Name: string | undefined;
  /** What the application is called to people: its name for pm2, or its script. */
  readonly name: string;
  /** The number that pm2 or the cluster gave to this process; `""` without one. */
  readonly id: string;
}

/** Reads what this process or thread says about itself. */
export function readEnvironment(): Environment {
  const { env, platform, pid, ppid: parentPid } = process;
  const { threadId: thread, isMainThread } = nodeModule("node:worker_threads");
  const pm2 = readPm2();
  const script = pm2?.script ?? (isMainThread ? process.argv[1] : scriptOfProcess());
  return {
    platform,
    pid,
    parentPid,
    thread,
    uid: process.geteuid?.(),
    temporaryFolder: nodeModule("node:os").tmpdir(),
    runtimeFolder: env["PROMHTTP_RUNTIME_DIR"] || undefined,
    group: env["PROMHTTP_GROUP"] || undefined,
    mark: env[MARK_VARIABLE] || undefined,
    isOffspring: !isMainThread || process.connected === true,
    script,
    folder: pm2?.folder ?? workingFolder(),
    pm2Name: pm2?.name,
    name: pm2?.name ?? script ?? "node",
    id: pm2?.id ?? (isMainThread ? clusterId() : ""),
  };
}

/** The variable that tells child processes and threads which group their parent is in. */
export const MARK_VARIABLE: string = "PROMHTTP_SERVED_BY";

/** Tells child processes and threads that are started from now on which group this process is in. */
export function setMark(text: string): void {
  try {
    process.env[MARK_VARIABLE] = text;
  } catch {
    // The application has frozen its variables. This process takes part all the same.
  }
}

/** What Node emits at the end: `beforeExit` where nothing is left to do, and then `exit`. */
type Ending = "beforeExit" | "exit";

const endingCallbacks = { beforeExit: new Set<() => void>(), exit: new Set<() => void>() };

/** One listener for all, because Node warns of the eleventh. */
const endingListeners = {
  beforeExit: () => runCallbacks("beforeExit"),
  exit: () => runCallbacks("exit"),
};

function runCallbacks(ending: Ending): void {
  for (const callback of endingCallbacks[ending]) callback();
}

/**
 * Calls `callback` when this process or thread exits, except by a signal; it must be synchronous, and must
 * not throw. They are called in the order in which they were added.
 *
 * @returns A function that removes the callback.
 */
export function onExit(callback: () => void): () => void {
  return onEnding("exit", callback);
}

/**
 * Calls `callback` once, when nothing is left for this process or thread to do; what it begins is waited for. It
 * must not throw. `process.exit()` does not call it.
 *
 * @returns A function that removes the callback.
 */
export function onIdle(callback: () => void): () => void {
  const remove = onEnding("beforeExit", () => {
    // What it begins may end, and then nothing is left to do again.
    remove();
    callback();
  });
  return remove;
}

function onEnding(ending: Ending, callback: () => void): () => void {
  const callbacks = endingCallbacks[ending];
  if (callbacks.size === 0) process.on(ending, endingListeners[ending]);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0) process.off(ending, endingListeners[ending]);
  };
}

/** The process that ends when this thread does; `undefined` if others go on. */
export function endingPid(): number | undefined {
  const { pid, thread } = readEnvironment();
  return thread === 0 ? pid : undefined;
}

/** Whether there is a process with this id that belongs to this user. */
export function processExists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // EPERM: it was ours, and its number belongs to another user's process now.
    return false;
  }
}

/** When this process started, in seconds since 1970. */
export function startSeconds(): number {
  return Math.round(Date.now() / 1_000 - process.uptime());
}

interface Pm2 {
  readonly script: string;
  /** In cluster mode pm2 goes there after the preloads have run. */
  readonly folder: string | undefined;
  readonly name: string;
  readonly id: string;
}

/** pm2 loads applications into processes that run one of these files. */
const PM2_CONTAINER = /[\\/]ProcessContainer(?:Fork|Bun|ForkBun)?\.js$/;

/**
 * Reads what pm2 says of the process that it has started. The application's own child processes inherit
 * the variables, so they count only where pm2's script runs.
 */
function readPm2(): Pm2 | undefined {
  if (!PM2_CONTAINER.test(process.argv[1] ?? "")) return undefined;
  const { pm_exec_path: script, pm_cwd: folder, name, pm_id: id } = pm2Variables();
  if (typeof script !== "string" || typeof name !== "string" || name === "") return undefined;
  return {
    ...{ script, name, id: `${id ?? ""}` },
    folder: typeof folder === "string" ? folder : undefined,
  };
}

function pm2Variables(): Readonly<Record<string, unknown>> {
  const { pm2_env: json } = process.env;
  if (json === undefined) return process.env;
  // In cluster mode they are in here until pm2 has started the application.
  try {
    return Object(JSON.parse(json));
  } catch {
    return process.env;
  }
}

function clusterId(): string {
  if (process.connected !== true) return "";
  // Its types are those of its default export.
  const cluster = nodeModule("node:cluster") as unknown as { worker?: { id: number } };
  return `${cluster.worker?.id ?? ""}`;
}

/** The script of the main thread: the first argument of a thread is a script of its own. */
function scriptOfProcess(): string | undefined {
  const { resolve } = nodeModule("node:path");
  try {
    const line = nodeModule("node:fs").readFileSync("/proc/self/cmdline", "utf8");
    const [, ...all] = line.split("\0");
    const { execArgv } = process;
    // A thread may have been given other options than its process.
    const hasOptions = execArgv.every((option, i) => option === all[i]);
    const args = hasOptions ? all.slice(execArgv.length) : all;
    const script = args.find(
      (arg, i) => arg !== "" && !arg.startsWith("-") && !TAKES_A_VALUE.test(args[i - 1] ?? ""),
    );
    if (script !== undefined) return resolve(script);
  } catch {
    // Not Linux.
  }
  return process.argv[1];
}

/** The options of Node whose value may be the next argument. */
const TAKES_A_VALUE =
  /^(?:-r|-C|--require|--import|--loader|--experimental-loader|--conditions|--title)$/;

function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "";
  }
}
