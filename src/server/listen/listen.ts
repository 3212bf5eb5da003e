/**
 * Accepts raw sockets, whatever the address.
 *
 * `bind.ts` makes a server listen, which is all that a TCP port needs. `unix-socket.ts` makes a unix socket and
 * decides who may connect; `stale-socket.ts` removes one that is left behind. `descriptors.ts` listens on what
 * something else has bound, such as the sockets of `systemd.ts`. `sharing.ts` warns the workers of a cluster that
 * share a port. All of these are loaded only where they are needed. The connections of a given server are
 * taken as they come. Nothing is read or written here.
 */
import type { Server as NetServer, Socket } from "node:net";
import { ListenError } from "../../errors.ts";
import { mayListen } from "../../node.ts";
import type { ListenTarget } from "../../options/address.ts";
import { bind, createAccepting, type Listener, type ListenParts, SOCKET_OPTIONS } from "./bind.ts";

/**
 * Accepts connections at an address.
 *
 * @param onConnection Called with each socket that the system accepts.
 * @returns The servers that accept: our own, or the one that was given, which keeps its port.
 * @throws {ListenError} When the system refuses.
 */
export async function listen(
  parts: ListenParts,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const { target, label } = parts;
  // At once, because a connection that nobody takes hangs.
  if (target.kind === "server") return takeOver(target.server, onConnection);
  try {
    if (target.kind === "fd" || target.kind === "systemd") {
      const { listenOnDescriptors } = await import("./descriptors.ts");
      return await listenOnDescriptors(target, parts, onConnection);
    }
    const server = createAccepting(onConnection);
    if (target.kind === "unix") {
      const { bindUnixSocket } = await import("./unix-socket.ts");
      await bindUnixSocket(server, target.path, parts);
    } else await bindPort(server, target, parts);
    return { servers: [server], address: server.address() ?? "" };
  } catch (error) {
    throw new ListenError(label, error);
  }
}

function bindPort(
  server: NetServer,
  { host, port }: Extract<ListenTarget, { kind: "tcp" }>,
  parts: ListenParts,
): Promise<void> {
  // Node looks up every host, even an IP address, and throws in the callback, where nobody can catch it.
  if (!mayListen()) {
    const error = new Error("Access to this API has been restricted");
    throw Object.assign(error, { code: "ERR_ACCESS_DENIED" });
  }
  return bind(server, { host, port }, parts);
}

/** Lets `owner` keep the port and hand its connections over. */
function takeOver(owner: NetServer, onConnection: (socket: Socket) => void): Listener {
  const handOver = (socket: Socket) => {
    socket.allowHalfOpen = SOCKET_OPTIONS.allowHalfOpen;
    socket.setNoDelay(SOCKET_OPTIONS.noDelay);
    onConnection(socket);
  };
  owner.on("connection", handOver);
  // Its owner may make it listen again.
  owner.once("close", () => owner.off("connection", handOver));
  return { servers: [owner], address: owner.address() ?? "" };
}
