import type { Server as NetServer, Socket } from "node:net";
import type { ListenTarget } from "../../options/address.ts";
import { bind, createAccepting, type Listener, type ListenParts } from "./bind.ts";
import { takeSockets } from "./systemd.ts";

/**
 * Accepts connections on file descriptors that something else has bound, each with a server of its own.
 *
 * @param onConnection Called with each socket that the system accepts.
 * @throws {Error} When one of them cannot accept connections; then none does.
 */
export async function listenOnDescriptors(
  target: Extract<ListenTarget, { kind: "fd" | "systemd" }>,
  parts: ListenParts,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const descriptors = target.kind === "fd" ? [target.fd] : takeSockets(target.name);
  const servers: NetServer[] = [];
  try {
    for (const fd of descriptors) {
      const server = createAccepting(onConnection);
      // Cast: the type of the options has no descriptor.
      await bind(server, { fd } as object, parts).catch((error: NodeJS.ErrnoException) => {
        // A datagram socket, or a connection.
        if (error.code !== "EINVAL") throw error;
        const reason = `file descriptor ${fd} cannot accept connections: ${error.message}`;
        throw new Error(reason, { cause: error });
      });
      servers.push(server);
    }
  } catch (error) {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    throw error;
  }
  // Node does not tell the path of a unix socket that it has not bound.
  return { servers, address: servers[0]?.address() ?? `fd ${descriptors[0]}` };
}
