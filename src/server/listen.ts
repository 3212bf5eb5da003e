import type { Server as NetServer, Socket } from "node:net";
import { ListenError } from "../errors.ts";
import { nodeModule } from "../node.ts";
import type { ListenTarget } from "./address.ts";

/**
 * Binds a server to an address.
 *
 * @param label The address as it was given, for the error message.
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
 * Lets `owner` keep the port and hand its connections over. `server` emits "listening", because that
 * starts its checks of the timeouts.
 */
function takeOver(owner: NetServer, server: NetServer): void {
  const handOver = (socket: Socket) => {
    server.emit("connection", socket);
  };
  owner.on("connection", handOver);
  // Its owner may make it listen again.
  owner.once("close", () => owner.off("connection", handOver));
  server.emit("listening");
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
