import type { AddressInfo, ListenOptions, Server as NetServer, Socket } from "node:net";
import type { Log } from "../../log.ts";
import { nodeModule } from "../../node.ts";
import type { ListenTarget } from "../../options/address.ts";
import type { ResolvedOptions } from "../../options/options.ts";

/** Where to listen. */
export interface ListenParts {
  readonly target: ListenTarget;
  /** The address as it was given, for messages. */
  readonly label: string;
  readonly log: Pick<Log, "warn">;
  readonly options: Pick<ResolvedOptions, "socketMode" | "socketGroup">;
  /**
   * What the workers of a cluster do that listen at the same address: by default they share it, and
   * warn of that. With `"allow"` they do not warn. With `"never"` the second gets an error: its primary
   * does not open it for all of them, nor keep it open when one of them ends.
   */
  readonly sharing?: "allow" | "never";
}

/** What accepts connections. */
export interface Listener {
  /** At least one: systemd may have passed several sockets. */
  readonly servers: readonly NetServer[];
  /** Where the first of them is, as `net.Server.address()` returns it. */
  readonly address: AddressInfo | string;
}

/** As `node:http` sets them on the sockets that it accepts itself. */
export const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true };

/**
 * Makes a server that accepts raw sockets, and does not listen yet.
 *
 * @param onConnection Called with each socket that the system accepts.
 */
export function createAccepting(
  { label, log, sharing }: ListenParts,
  onConnection: (socket: Socket) => void,
): NetServer {
  const server = nodeModule("node:net").createServer(SOCKET_OPTIONS, onConnection);
  if (sharing === undefined) noticeSharing(server, () => warnOfSharing(label, log));
  return server;
}

/** Lets a server listen. The system has been asked when this returns, unless the primary of a cluster must. */
export function bind(server: NetServer, options: ListenOptions): Promise<void> {
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
