import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createHandler, type Handler, type HandlerOptions } from "../../../src/index.ts";
import { captureProcessErrors } from "../capture-process-errors.ts";
import { countingGatherer } from "../gatherers.ts";
import { createRecorder } from "../scraping/recorder.ts";
import { within } from "../within.ts";
import { RawConnection } from "./raw-connection.ts";

/** Mounts a handler in a server that listens, at `/metrics` or everywhere, for every method. */
export type Mount = (handler: Handler) => Promise<Mounted>;

/** A server with a handler in it. */
export interface Mounted {
  readonly port: number;
  close(): Promise<void>;
}

/** The options of the handler, and what it serves where. */
export interface TestMountOptions extends HandlerOptions {
  /** @default countingGatherer() */
  readonly source?: Parameters<typeof createHandler>[0];
  /** @default The handler is the listener of a server of `node:http`. */
  readonly mount?: Mount;
}

/** A mounted handler for one test. */
export interface TestMount {
  readonly handler: Handler;
  readonly port: number;
  /** What was logged, each line with its level in front. */
  readonly log: readonly string[];
  /** Opens a connection that is closed after the test. */
  connect(): Promise<RawConnection>;
}

/**
 * Runs a test with a mounted handler of its own. It closes everything afterwards, and fails when an
 * error reached the process.
 */
export async function withMount(
  { source = countingGatherer(), mount = mountOnNode, ...options }: TestMountOptions,
  test: (mount: TestMount) => Promise<void>,
): Promise<void> {
  const errors = captureProcessErrors();
  const recorder = createRecorder();
  const handler = createHandler(source, { logger: recorder, ...options });
  const { port, close } = await mount(handler);
  const connections: RawConnection[] = [];
  try {
    await test({
      handler,
      port,
      log: recorder.lines,
      connect() {
        const connection = new RawConnection(port);
        connections.push(connection);
        return connection.opened();
      },
    });
  } finally {
    for (const { socket } of connections) socket.destroy();
    await within("the end of the server", close());
    handler.close();
  }
  await errors.assertNone();
}

/** Makes a handler the listener of a server of `node:http`. */
export function mountOnNode(handler: Handler): Promise<Mounted> {
  return listen(createServer(handler));
}

/** Lets a server listen on a free port of the loopback. */
export async function listen(server: Server): Promise<Mounted> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return mounted(server, async () => {
    server.close();
    await once(server, "close");
  });
}

/** Describes a server that listens; `close` is called when its connections are closed. */
export function mounted(server: Server, close: () => Promise<void>): Mounted {
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close() {
      server.closeAllConnections();
      return close();
    },
  };
}
