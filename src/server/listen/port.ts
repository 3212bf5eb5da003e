import type { RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Log } from "../../log.ts";
import type { ResolvedOptions } from "../../options/options.ts";
import { unref } from "../../timers.ts";
import { Connections } from "../connections.ts";
import { createHttpFront } from "../http-server.ts";
import type { ListenParts } from "./bind.ts";
import type { Layer } from "./layer.ts";
import { listen } from "./listen.ts";

/** A port, or a unix socket, on which requests are answered. */
export interface Port {
  /** Where it is, as `net.Server.address()` returns it. */
  readonly address: AddressInfo | string;
  /** How many connections are open. */
  readonly connectionCount: number;
  /** Resolves when it is free, and every socket is closed. */
  readonly closed: Promise<void>;
  /** Stops accepting, closes idle connections at once, and lets running scrapes finish. */
  drain(): Promise<void>;
}

/** What a port is opened for. */
export interface PortParts extends ListenParts {
  readonly options: ResolvedOptions;
  readonly log: Log;
  readonly onRequest: RequestListener;
  /** What stands between the sockets and HTTP; absent where nothing does. */
  readonly layer?: Layer | undefined;
  /** Called when it is closed, or when something else has stopped it; perhaps more than once. */
  readonly onClosed: () => void;
}

/** How often to check whether the owner of a given server has closed it. */
const OWNER_CHECK_MS = 1_000;

/**
 * Opens a port.
 *
 * @throws {ListenError} When the system refuses.
 */
export async function openPort(parts: PortParts): Promise<Port> {
  const { options, log, onRequest, onClosed, layer } = parts;
  const connections = new Connections(options);
  const http = createHttpFront(onRequest, connections, { ...options, log });
  const onConnection = (socket: Socket) => {
    if (!connections.accept(socket)) layer?.limitReached();
    else if (layer === undefined) http.serve(socket);
    else layer.open(socket, http.serve);
  };
  const { servers, address } = await listen(parts, onConnection).catch((error: unknown) => {
    http.close();
    throw error;
  });
  const onError = (error: Error) => log.error("Server error; still listening", error);
  const closings = servers.map((server) => {
    server.on("error", onError);
    if (options.unref) server.unref();
    return new Promise<void>((resolve) => server.once("close", resolve));
  });
  const unwatch = layer?.watch(connections);

  // The owner of a given server may close it, too. It emits "close" only when its last connection has
  // closed, which an idle one does not do for long.
  const watch = setInterval(() => {
    if (!servers.every(({ listening }) => listening)) onClosed();
  }, OWNER_CHECK_MS);
  unref(watch);
  const closed = Promise.all(closings).then(() => {
    clearInterval(watch);
    unwatch?.();
    for (const server of servers) server.off("error", onError);
    onClosed();
  });

  return {
    address,
    get connectionCount() {
      return connections.count;
    },
    closed,
    async drain() {
      // Its owner may have closed a given server, which then passes an error to the callback.
      for (const server of servers) server.close(() => {});
      http.close();
      connections.drain();
      const timer = setTimeout(() => connections.destroy(), options.drainTimeoutMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
