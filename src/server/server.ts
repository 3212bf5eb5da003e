/**
 * The life of our own server: it listens, bounds, answers and shuts down.
 *
 * `address.ts` parses where to listen, `listen.ts` accepts raw sockets there, whatever the address.
 * `connections.ts` counts and bounds them, so that a shutdown can close each at the right moment.
 * `http-server.ts` passes them to `node:http` and bounds what a client may send; a layer such as TLS
 * would stand between the two. `client-error.ts` answers what is not HTTP.
 * `requests.ts` is the last line of defence: nothing it calls may throw past it. A shutdown stops
 * accepting, after the delay of `closing.ts`, closes idle connections at once, lets running scrapes finish, and cuts off what is left
 * after `drainTimeoutMs`. Once the server listens, no error reaches the process.
 */
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { gathererOf, type Source } from "../gatherers/gatherer-of.ts";
import { isFixedPath } from "../http/routes.ts";
import { createLog, type Log } from "../log.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { Controls, ResolvedOptions, ServerOptions } from "../options/options.ts";
import { resolveOptions } from "../options/rules.ts";
import { createScrapeHandler } from "../scrape/scrape.ts";
import { unref } from "../timers.ts";
import {
  type Address,
  describeAddress,
  type ListenTarget,
  parseAddress,
  urlOf,
} from "./address.ts";
import { createClosing } from "./closing.ts";
import { Connections } from "./connections.ts";
import { createHttpFront, type HttpFront } from "./http-server.ts";
import { listen } from "./listen.ts";
import { createRequestListener } from "./requests.ts";
import { type Shutdown, shutdownOf } from "./shutdown.ts";

/**
 * A metrics server: one HTTP endpoint that serves registries to Prometheus.
 *
 * Once it listens, no error in it reaches the process as an `uncaughtException` or an
 * `unhandledRejection`: it is answered, counted and logged.
 */
export class Server implements Controls {
  /** Where it listens, as `net.Server.address()` returns it: the real port, or a unix socket's path. */
  readonly address: AddressInfo | string;
  /**
   * The URL of the metrics, such as `http://[::1]:9464/metrics`; `unix:` and the path for a unix
   * socket. A server that listens on every interface is called `localhost`.
   */
  readonly url: string;
  /** Resolves when the server is closed: the port is free, and every socket is closed. */
  readonly closed: Promise<void>;

  readonly #close: () => Promise<void>;
  readonly #controls: Controls;

  private constructor({ address, url, closed, close, controls }: OpenServer) {
    this.address = address;
    this.url = url;
    this.closed = closed;
    this.#close = close;
    this.#controls = controls;
  }

  /**
   * Serves `source` until `shutdown`, then stops accepting, closes idle connections at once, lets
   * running scrapes finish and resolves. With the option `shutdownDelayMs` it serves that much longer,
   * and only says that it is not ready. Without a `shutdown` it serves forever.
   *
   * @param source A registry of prom-client 13 to 15 or `@prometheus-io/client`, a `Gatherer`, or an
   *   array of them.
   * @param shutdown An `AbortSignal` or a promise. A promise that rejects ends the server, too, and its
   *   reason is logged. With a signal that has aborted already, `run` resolves without listening.
   * @throws {TypeError} For arguments of a wrong type.
   * @throws {RangeError} For arguments that are out of range.
   * @throws {ListenError} When the address cannot be listened on.
   *
   * @example
   * ```ts
   * import { register } from "prom-client";
   * import { Server } from "promhttp";
   *
   * const shutdown = new AbortController();
   * process.once("SIGTERM", () => shutdown.abort());
   * await Server.run(register, ":9464", shutdown.signal);
   * ```
   */
  static async run(
    source: Source | readonly Source[],
    address: Address,
    shutdown?: Shutdown,
    options?: ServerOptions,
  ): Promise<void> {
    const parsed = parseArguments(source, address, options);
    const end = shutdownOf(shutdown, parsed.log);
    if (end.isOver()) return;
    try {
      const server = new Server(await open(parsed));
      await Promise.race([end.promise, server.closed]);
      await server.close();
    } finally {
      end.stop();
    }
  }

  /**
   * Serves `source`, and resolves when the port is open.
   *
   * @throws {TypeError} For arguments of a wrong type.
   * @throws {RangeError} For arguments that are out of range.
   * @throws {ListenError} When the address cannot be listened on.
   *
   * @example
   * ```ts
   * const server = await Server.listen(register, "127.0.0.1:0");
   * console.log(`Metrics at ${server.url}`);
   * await server.close();
   * ```
   */
  static async listen(
    source: Source | readonly Source[],
    address: Address,
    options?: ServerOptions,
  ): Promise<Server> {
    return new Server(await open(parseArguments(source, address, options)));
  }

  update(work: () => unknown): Promise<void> {
    return this.#controls.update(work);
  }

  setFailing(message?: string): void {
    this.#controls.setFailing(message);
  }

  setOk(): void {
    this.#controls.setOk();
  }

  setReady(isReady: boolean): void {
    this.#controls.setReady(isReady);
  }

  /**
   * Closes the server as `run` does at its end. It never rejects, may be called at any time and any
   * number of times, and resolves when the port is free and every socket is closed. Called again during
   * `shutdownDelayMs`, it ends that delay.
   */
  close(): Promise<void> {
    return this.#close();
  }

  /** Closes the server at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

/** A server that listens. */
interface OpenServer extends Pick<Server, "address" | "url" | "closed" | "close"> {
  readonly controls: Controls;
}

/** The arguments of a server, checked and parsed. */
interface ServerArguments {
  readonly gatherer: Gatherer;
  readonly target: ListenTarget;
  /** The address as it was given, for messages. */
  readonly label: string;
  readonly options: ResolvedOptions;
  readonly log: Log;
}

function parseArguments(
  source: Source | readonly Source[],
  address: Address,
  serverOptions: ServerOptions | undefined,
): ServerArguments {
  const options = resolveOptions(serverOptions);
  if (isFixedPath(options.path)) {
    throw new RangeError(
      `Option "path" must be a path that the server does not use itself, got "${options.path}"`,
    );
  }
  return {
    gatherer: gathererOf(source),
    target: parseAddress(address),
    label: describeAddress(address),
    options,
    log: createLog(options.logger),
  };
}

/** How often to check whether the owner of a given server has closed it. */
const OWNER_CHECK_MS = 1_000;

async function open({
  gatherer,
  target,
  label,
  options,
  log,
}: ServerArguments): Promise<OpenServer> {
  const connections = new Connections(options);
  const scrapeHandler = createScrapeHandler(gatherer, options, log, {
    connections: () => connections.count,
    hasPage: options.landingPage,
  });
  const closing = createClosing(options, () =>
    drain({ http, accepting, connections, closed }, options.drainTimeoutMs),
  );
  const onRequest = createRequestListener({ options, scrapeHandler, closing, log });
  const http = createHttpFront(onRequest, connections, options);
  const onConnection = (socket: Socket) => {
    if (connections.accept(socket)) http.serve(socket);
  };
  const accepting = await listen(target, label, onConnection, log).catch((error: unknown) => {
    http.close();
    throw error;
  });
  const address = accepting.address() ?? "";
  const closed = new Promise<void>((resolve) => accepting.once("close", resolve));
  const onError = (error: Error) => log.error("Server error; still listening", error);
  accepting.on("error", onError);
  if (options.unref) accepting.unref();

  // The owner of a given server may close it, too. It emits "close" only when its last connection has
  // closed, which an idle one does not do for long.
  const watch = setInterval(() => {
    if (!accepting.listening) void closing.closeNow();
  }, OWNER_CHECK_MS);
  unref(watch);
  void closed.then(() => {
    clearInterval(watch);
    accepting.off("error", onError);
    scrapeHandler.close();
    return closing.closeNow();
  });
  const { close } = closing;
  return { address, url: urlOf(address, options.path), closed, close, controls: scrapeHandler };
}

/** What a shutdown closes. */
interface Closable {
  readonly http: HttpFront;
  /** The server that accepts connections: our own, or the one that was given. */
  readonly accepting: NetServer;
  readonly connections: Connections;
  readonly closed: Promise<void>;
}

async function drain(
  { http, accepting, connections, closed }: Closable,
  drainTimeoutMs: number,
): Promise<void> {
  // Its owner may have closed a given server, which then passes an error to the callback.
  accepting.close(() => {});
  http.close();
  connections.drain();
  const timer = setTimeout(() => connections.destroy(), drainTimeoutMs);
  await closed;
  clearTimeout(timer);
}
