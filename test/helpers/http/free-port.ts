import { once } from "node:events";
import { createServer } from "node:net";

/** Systems choose higher ones for sockets that name none: those of other tests, and of every client. */
const PORTS = { first: 10_000, count: 20_000 };

/** A port that nobody listens on at the moment, and that the system gives to nobody else meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch {
      continue;
    }
    server.close();
    return port;
  }
}
