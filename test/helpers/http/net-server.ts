import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { turnsUntil } from "../turns.ts";

/** A plain server that listens, and shows the last connection that it accepted. */
export interface ListeningServer {
  readonly server: Server;
  /** Waits for a first connection; returns the last. */
  lastSocket(): Promise<Socket>;
}

/** Makes a server for ours to take over, to see what only the server's side can see. */
export async function netServer(
  options: ListenOptions = { port: 0, host: "127.0.0.1" },
): Promise<ListeningServer> {
  const sockets: Socket[] = [];
  const server = createServer();
  server.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(options, resolve));
  return {
    server,
    async lastSocket() {
      await turnsUntil("a connection", () => sockets.length > 0);
      const [last] = sockets.slice(-1);
      if (last === undefined) throw new Error("There is none");
      return last;
    },
  };
}
