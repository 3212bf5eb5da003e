/** The sockets that systemd has opened for this process. Each is used once: to close it closes it for good. */
import { nodeModule } from "../../node.ts";
import { isMainThread, OWN_PID, readSocketVariables, type SocketVariables } from "./environment.ts";

/** `SD_LISTEN_FDS_START` of sd_listen_fds(3). */
const FIRST_DESCRIPTOR = 3;

/** What sd_listen_fds_with_names(3) calls a socket if there are no names. */
const UNNAMED = "unknown";

const WRAPPED = "start node itself, not npm, npx or a shell that does not exec";

/** The descriptors that have been used. */
const used = new Set<number>();

/**
 * Takes the sockets of a name, or all that are left.
 *
 * @returns Their file descriptors, at least one.
 * @throws {Error} When there are none, or when what systemd says cannot be true.
 */
export function takeSockets(name: string | undefined): number[] {
  // Each thread has environment variables of its own, but all have the same descriptors.
  if (!isMainThread()) throw new Error("only the main thread can use the sockets of systemd");
  const names = namesOf(readSocketVariables(), OWN_PID);
  const wanted = [...names].filter(([, candidate]) => name === undefined || candidate === name);
  if (wanted.length === 0) {
    throw new Error(`systemd has passed no socket with this name, but ${show(names.values())}`);
  }
  const descriptors = wanted.map(([fd]) => fd).filter((fd) => !used.has(fd));
  if (descriptors.length === 0) throw new Error("the sockets of systemd are in use already");
  descriptors.forEach(assertSocket);
  for (const fd of descriptors) used.add(fd);
  return descriptors;
}

/**
 * Reads the names of the passed sockets, by their file descriptors.
 *
 * @throws {Error} When they are for another process, and when a variable is not legal.
 */
export function namesOf(variables: SocketVariables, ownPid: string): Map<number, string> {
  const { pid, count, names } = variables;
  if (pid === undefined || count === undefined) {
    throw new Error("systemd has passed no sockets: LISTEN_PID or LISTEN_FDS is not set");
  }
  if (pid !== ownPid) {
    throw new Error(`LISTEN_PID is ${show([pid])}, and this is process ${ownPid}: ${WRAPPED}`);
  }
  if (!/^[1-9]\d{0,3}$/.test(count)) {
    throw new Error(`LISTEN_FDS must be a number from 1 to 9999, got ${show([count])}`);
  }
  const length = Number(count);
  const list = names?.split(":") ?? new Array<string>(length).fill(UNNAMED);
  if (list.length !== length) {
    const wanted = `a name for each of ${count} sockets`;
    throw new Error(`LISTEN_FDNAMES must have ${wanted}, got ${show(list)}`);
  }
  return new Map(list.map((name, index) => [FIRST_DESCRIPTOR + index, name]));
}

function assertSocket(fd: number): void {
  if (!isSocket(fd)) throw new Error(`file descriptor ${fd} is not a socket`);
}

function isSocket(fd: number): boolean {
  try {
    return nodeModule("node:fs").fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

function show(names: Iterable<string>): string {
  return [...names].map((name) => JSON.stringify(name)).join(", ");
}
