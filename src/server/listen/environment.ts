/**
 * What of this process decides how it listens. Only this file of the room reads environment variables, and sets
 * the mask of new files.
 */
import { nodeModule } from "../../node.ts";

/** Whether the paths of unix sockets name files, which have a mode. On Windows they name pipes. */
export const HAS_FILES: boolean = process.platform !== "win32";

/**
 * Runs `create` with a mask of its own, which is that of the whole process meanwhile.
 *
 * @param mask The permissions that what it creates will not have.
 */
export function withMask<T>(mask: number, create: () => T): T {
  const before = process.umask(mask);
  try {
    return create();
  } finally {
    process.umask(before);
  }
}

/** The permissions that a new socket has. */
export function newMode(): number {
  return 0o777 & ~process.umask();
}

/** Whether this is the main thread: others can read the mask, and cannot set it. */
export function isMainThread(): boolean {
  return nodeModule("node:worker_threads").isMainThread;
}

/** Whether this is a worker of a cluster, whose primary may bind for it. */
export function isClusterWorker(): boolean {
  // Cast: its type has only a default export.
  const { isWorker } = nodeModule("node:cluster") as unknown as { isWorker: boolean };
  return isWorker;
}

/** What systemd says of the sockets that it has passed, as text (sd_listen_fds(3)). */
export interface SocketVariables {
  /** The process that they are for. */
  readonly pid: string | undefined;
  /** How many there are. */
  readonly count: string | undefined;
  /** Their names, separated by colons. */
  readonly names: string | undefined;
}

let own: SocketVariables | undefined;

/** Reads what systemd says of its sockets. If they are for this process, children are not told of them. */
export function readSocketVariables(): SocketVariables {
  const { env } = process;
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = env;
  const variables = { pid, count, names };
  if (pid !== OWN_PID) return own ?? variables;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete env[name];
  own = variables;
  return own;
}

/** The id of this process, as text. */
export const OWN_PID: string = String(process.pid);
