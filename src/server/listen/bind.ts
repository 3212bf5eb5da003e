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
 * Makes a server that does not listen yet.
 *
 * @param onConnection Called with each socket that the system accepts.
 */
export function createAccepting(onConnection: (socket: Socket) => void): NetServer {
  return nodeModule("node:net").createServer(SOCKET_OPTIONS, onConnection);
}

/**
 * Lets a server listen. The system has been asked when this returns, unless the primary of a cluster must.
 *
 * @throws {Error} What the system says.
 */
export async function bind(
  server: NetServer,
  options: ListenOptions,
  parts: Pick<ListenParts, "label" | "log" | "sharing">,
): Promise<void> {
  const { sharing } = parts;
  let first: unknown = THIS_PROCESS;
  // A worker of a cluster cannot ask whether others accept at the same address. But the primary keeps what the
  // first worker there tells it, and passes it to the next ones: `node:tls` shares its session keys so. No other
  // process calls these methods.
  if (sharing === undefined) {
    Object.assign(server, {
      _getServerData: () => THIS_PROCESS,
      _setServerData: (data: unknown) => {
        first = data;
      },
    });
  }
  await new Promise<void>((resolve, reject) => {
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    server.once("error", reject);
    server.listen({ ...options, exclusive: sharing === "never" });
  });
  if (typeof first !== "number" || first === THIS_PROCESS) return;
  const { warnOfSharing } = await import("./sharing.ts");
  warnOfSharing(parts.label, parts.log);
}

/** Tells the workers of a cluster apart. */
const THIS_PROCESS = Math.random();
