import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // It is neither closed nor on a pipe.
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
