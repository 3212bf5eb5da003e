import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Runs a test while somebody listens on a port of 127.0.0.1. */
export async function withBusyPort(test: (port: number) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    // It is neither closed nor on a pipe.
    await test((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}
