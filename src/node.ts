/**
 * Node's own modules, and what the process reports about itself.
 *
 * Importing `node:util` as an ES module would load everything that Node loads lazily behind it: 0.9
 * MB on Node 24. (`node:http` would also load crypto, http2 and undici: 3.9 MB and 30 ms.) So no file
 * that a scrape loads imports a module of Node; it calls `nodeModule()`.
 */
import type { InspectOptions } from "node:util";

type GetModule = NodeJS.Process["getBuiltinModule"];

/**
 * Returns a module of Node, and loads only that. Instrumentation that replaces the function of the process
 * patches a module as soon as anybody asks for it; with `original`, nobody has because of us.
 */
export const nodeModule: GetModule & { original?: GetModule } = (id: string) =>
  (nodeModule.original ?? process.getBuiltinModule)(id);

/** Shows any value for a message, as `inspect` of `node:util` does. */
export function inspect(value: unknown, options: InspectOptions = {}): string {
  return nodeModule("node:util").inspect(value, options);
}

/** Taken early: a test of the application may stop the clocks of its process before it starts a server. */
export const hrtime: NodeJS.HRTime = process.hrtime;

/** What the process says about itself. */
export interface ProcessReading {
  readonly pid: number;
  readonly uptimeSeconds: number;
  /** The path of the program that was started; absent with `node --eval`, say. */
  readonly program: string | undefined;
  /** The working directory; absent when it has been removed. */
  readonly directory: string | undefined;
}

/** Reads what the process says about itself. */
export function readProcess(): ProcessReading {
  const { pid, argv } = process;
  return { pid, uptimeSeconds: process.uptime(), program: argv[1], directory: cwd() };
}

function cwd(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/**
 * Whether the process may listen: Node 25 and later can forbid it with `--permission`. Earlier versions do
 * not have this permission, and deny it to all who ask, but let them listen.
 */
export function mayListen(): boolean {
  return isPermitted("net") || !process.allowedNodeEnvironmentFlags.has("--allow-net");
}

/** Whether the process may start threads, which `--permission` can forbid. */
export function mayStartThreads(): boolean {
  return isPermitted("worker");
}

function isPermitted(scope: string): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission === undefined || permission.has(scope);
}

/** Whether Next.js has bundled this code: then it has replaced the variable by the name of its runtime. */
export function isBundledByNext(): boolean {
  // biome-ignore lint/style/noProcessEnv: It is this expression that Next.js replaces.
  return process.env["NEXT_RUNTIME"] !== undefined;
}
