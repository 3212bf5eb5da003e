import type { Server as NetServer, Socket } from "node:net";
import { ListenError } from "../errors.ts";
import type { ListenTarget } from "./address.ts";
import { removeStaleSocket } from "./stale-socket.ts";

/**
 * Binds a server to an address.
 *
 * @param label The address as it was given, for the message of the error.
 * @throws {ListenError} When the system refuses.
 */
export async function listen(
  server: NetServer,
  target: ListenTarget,
  label: string,
): Promise<void> {
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
}

function bind(server: NetServer, target: ListenTarget): Promise<void> {
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
    startListening(server, target);
  });
}

function startListening(server: NetServer, target: ListenTarget): void {
  switch (target.kind) {
    case "tcp":
      server.listen({ port: target.port, ...(target.host && { host: target.host }) });
      return;
    case "unix":
      server.listen({ path: target.path });
      return;
    case "fd":
      server.listen({ fd: target.fd });
      return;
    case "server":
      takeOver(target.server, server);
  }
}

/**
 * Lets `owner` keep the port and hand its connections over. `server` is told that it listens,
 * because that starts its checks of the time-outs.
 */
function takeOver(owner: NetServer, server: NetServer): void {
  const handOver = (socket: Socket) => {
    server.emit("connection", socket);
  };
  owner.on("connection", handOver);
  // Its owner may let it listen again.
  owner.once("close", () => owner.off("connection", handOver));
  server.emit("listening");
}
