import type { ListenOptions, Server as NetServer, Socket } from "node:net";
import { ListenError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { mayListen, nodeModule } from "../../node.ts";
import type { ListenTarget } from "../../options/address.ts";

type Binding = Exclude<ListenTarget, { kind: "server" }>;

/** Where to listen. */
export interface ListenParts {
  readonly target: ListenTarget;
  /** The address as it was given, for messages. */
  readonly label: string;
  readonly log: Pick<Log, "warn">;
  /**
   * What the workers of a cluster do that listen at the same address: by default they share it, and
   * warn of that. With `"allow"` they do not warn. With `"never"` the second gets an error: its primary
   * does not open it for all of them, nor keep it open when one of them ends.
   */
  readonly sharing?: "allow" | "never";
}

/**
 * Accepts connections at an address.
 *
 * @param onConnection Called with each socket that the system accepts.
 * @returns The server that accepts: one of our own, or the one that was given, which keeps its port.
 * @throws {ListenError} When the system refuses.
 */
export async function listen(
  { target, label, log, sharing }: ListenParts,
  onConnection: (socket: Socket) => void,
): Promise<NetServer> {
  if (target.kind === "server") {
    takeOver(target.server, onConnection);
    return target.server;
  }
  // Node looks up every host, even an IP address, and throws in the callback, where nobody can catch it.
  if (target.kind === "tcp" && !mayListen()) throw new ListenError(label, forbidden());
  const server = nodeModule("node:net").createServer(SOCKET_OPTIONS, onConnection);
  if (sharing === undefined) noticeSharing(server, () => warnOfSharing(label, log));
  const options = { ...listenOptionsOf(target), exclusive: sharing === "never" };
  try {
    await bind(server, options).catch(async (error: unknown) => {
      if (target.kind !== "unix" || !(await freesPath(target.path, error))) throw error;
      await bind(server, options);
    });
  } catch (error) {
    throw new ListenError(label, error);
  }
  return server;
}

/** Whether a unix socket that could not be bound can be now, because a process that is gone had left it. */
async function freesPath(path: string, error: unknown): Promise<boolean> {
  if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return false;
  const { removeStaleSocket } = await import("./stale-socket.ts");
  return removeStaleSocket(path);
}

/** As `node:http` sets them on the sockets that it accepts itself. */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true };

/** The error that Node throws for it. */
function forbidden(): Error {
  const error = new Error("Access to this API has been restricted");
  return Object.assign(error, { code: "ERR_ACCESS_DENIED" });
}

function bind(server: NetServer, options: ListenOptions): Promise<void> {
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
    server.listen(options);
  });
}

function listenOptionsOf(target: Binding): ListenOptions {
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
