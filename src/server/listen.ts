import type { Server as NetServer, Socket } from "node:net";
import { ListenError } from "../errors.ts";
import type { Log } from "../log.ts";
import { mayListen, nodeModule } from "../node.ts";
import type { ListenTarget } from "./address.ts";

type Binding = Exclude<ListenTarget, { kind: "server" }>;

/**
 * Accepts connections at an address.
 *
 * @param label The address as it was given, for messages.
 * @param onConnection Called with each socket that the system accepts.
 * @returns The server that accepts: one of our own, or the one that was given, which keeps its port.
 * @throws {ListenError} When the system refuses.
 */
export async function listen(
  target: ListenTarget,
  label: string,
  onConnection: (socket: Socket) => void,
  log: Pick<Log, "warn">,
): Promise<NetServer> {
  if (target.kind === "server") {
    takeOver(target.server, onConnection);
    return target.server;
  }
  // Node looks up every host, even an IP address, and throws in the callback, where nobody can catch it.
  if (target.kind === "tcp" && !mayListen()) throw new ListenError(label, forbidden());
  const server = nodeModule("node:net").createServer(SOCKET_OPTIONS, onConnection);
  noticeSharing(server, () => warnOfSharing(label, log));
  try {
    await bind(server, target);
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (!isTaken || target.kind !== "unix" || !(await removeStaleSocket(target.path))) {
      throw new ListenError(label, error);
    }
    await bind(server, target).catch((reason: unknown) => {
      throw new ListenError(label, reason);
    });
  }
  return server;
}

/** As `node:http` sets them on the sockets that it accepts itself. */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true };

/** The error that Node throws for it. */
function forbidden(): Error {
  const error = new Error("Access to this API has been restricted");
  return Object.assign(error, { code: "ERR_ACCESS_DENIED" });
}

function bind(server: NetServer, target: Binding): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListening = () => {
      server.off("error", onError);
      resolve();
    };
    const onError = (error: Error) => {
      server.off("listening", onListening);
      reject(error);
    };
    server.once("listening", onListening);
    server.once("error", onError);
    server.listen(listenOptionsOf(target));
  });
}

function listenOptionsOf(target: Binding): { host?: string; port?: number; path?: string } {
  switch (target.kind) {
    case "tcp":
      return { port: target.port, ...(target.host && { host: target.host }) };
    case "unix":
      return { path: target.path };
    case "fd":
      return { fd: target.fd } as object;
  }
}

/**
 * Calls `onShared` when other workers of a cluster accept at the same address.
 *
 * A worker cannot ask for that, but the primary keeps what the first worker at an address tells it, and
 * passes it to the next ones: `node:tls` shares its session keys so. No other process calls these methods.
 */
function noticeSharing(server: NetServer, onShared: () => void): void {
  Object.assign(server, {
    _getServerData: () => THIS_PROCESS,
    _setServerData: (first: unknown) => {
      if (typeof first === "number" && first !== THIS_PROCESS) onShared();
    },
  });
}

/** Tells the workers of a cluster apart. */
const THIS_PROCESS = Math.random();

let hasWarnedOfSharing = false;

function warnOfSharing(label: string, log: Pick<Log, "warn">): void {
  if (hasWarnedOfSharing) return;
  hasWarnedOfSharing = true;
  log.warn(
    `Cluster workers share "${label}", so each scrape reaches another worker: name a port for each` +
      " worker, such as 9464 + cluster.worker.id",
  );
}

/** Lets `owner` keep the port and hand its connections over. */
function takeOver(owner: NetServer, onConnection: (socket: Socket) => void): void {
  const handOver = (socket: Socket) => {
    socket.allowHalfOpen = SOCKET_OPTIONS.allowHalfOpen;
    socket.setNoDelay(SOCKET_OPTIONS.noDelay);
    onConnection(socket);
  };
  owner.on("connection", handOver);
  // Its owner may make it listen again.
  owner.once("close", () => owner.off("connection", handOver));
}

/**
 * Removes the unix socket that a process left behind when it was killed.
 *
 * @returns Whether the path is free now. It is not when something answers on the socket, nor when
 *   the path is a file, which may hold data.
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
  const { lstat, unlink } = nodeModule("node:fs/promises");
  try {
    const stats = await lstat(path);
    if (!stats.isSocket() || !(await isRefused(path))) return false;
    await unlink(path);
    return true;
  } catch (error) {
    // Another process may have removed it first.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = nodeModule("node:net").connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}
