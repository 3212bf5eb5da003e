import type { AddressInfo, Server as NetServer } from "node:net";
import { gathererOf, type Source } from "../gatherers/gatherer-of.ts";
import { isFixedPath } from "../http/routes.ts";
import { createLog, type Log } from "../log.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { ResolvedOptions, ServerOptions } from "../options/options.ts";
import { resolveOptions } from "../options/rules.ts";
import { createScrapeHandler, type ScrapeHandler } from "../scrape/scrape.ts";
import { type Address, describeAddress, type ListenTarget, parseAddress } from "./address.ts";
import { Connections } from "./connections.ts";
import { listen } from "./listen.ts";
import { createRequestListener } from "./requests.ts";
import { type Shutdown, shutdownOf } from "./shutdown.ts";
import { urlOf } from "./url.ts";

/**
 * A metrics server: one HTTP endpoint that serves registries to Prometheus.
 *
 * Once it listens, nothing that happens in it rejects, throws or reaches the process as an
 * `uncaughtException` or `unhandledRejection`: it is answered, counted and logged.
 */
export class Server {
  /** Where it listens, as `net.Server.address()` says: with the real port, or a unix socket's path. */
  readonly address: AddressInfo | string;
  /**
   * The URL of the metrics, such as `http://[::1]:9464/metrics`; `unix:` and the path for a unix
   * socket. A server that listens on every interface is called `localhost`.
   */
  readonly url: string;
  /** Resolves when the server is closed: the port is free, and every socket is gone. */
  readonly closed: Promise<void>;

  readonly #close: () => Promise<void>;
  readonly #handler: ScrapeHandler;

  private constructor(parts: Parts) {
    this.address = parts.address;
    this.url = parts.url;
    this.closed = parts.closed;
    this.#close = parts.close;
    this.#handler = parts.handler;
  }

  /**
   * Serves `source` until `shutdown`, then stops accepting, closes idle connections at once, lets
   * running scrapes finish and resolves. Without a `shutdown` it serves for ever.
   *
   * @param source A registry of prom-client 13 to 15 or `@prometheus-io/client`, a `Gatherer`, or an
   *   array of them.
   * @param shutdown An `AbortSignal`, or a promise: one that rejects ends the server too, and its
   *   reason is logged. A signal that is aborted already: resolves without listening.
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
    const plan = planOf(source, address, options);
    const end = shutdownOf(shutdown, plan.log);
    if (end.isOver()) return;
    try {
      const server = await Server.#open(plan);
      await Promise.race([end.promise, server.closed]);
      await server.close();
    } finally {
      end.forget();
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
    return Server.#open(planOf(source, address, options));
  }

  static async #open(plan: Plan): Promise<Server> {
    return new Server(await open(plan));
  }

  /**
   * Runs an update of metrics that no scrape sees half-done: scrapes that come meanwhile wait for
   * it, and those that are being read have read their values when it begins. Updates run one after
   * the other. It guards what is read when a scrape is encoded, as all metrics of the client
   * libraries are; what a `Gatherer` computes in `gather()` is its own to guard.
   *
   * It resolves when `work` is done. It never rejects: what `work` throws is counted and logged, and
   * so is an update that takes longer than the option `timeoutMs`, for which scrapes wait no longer.
   *
   * @example
   * ```ts
   * setInterval(() => server.update(async () => {
   *   const { free, used } = await readPool();
   *   connections.set({ state: "free" }, free);
   *   connections.set({ state: "used" }, used);
   * }), 10_000);
   * ```
   */
  update(work: () => unknown): Promise<void> {
    return this.#handler.update(work);
  }

  /**
   * Declares that the metrics cannot be trusted: from now on every scrape is answered with 500, so
   * that Prometheus writes `up 0` for the target. With the option `statusName` the answer says
   * `<statusName>_up 0`.
   *
   * @param message Why; it goes to the log alone.
   */
  setFailing(message?: string): void {
    this.#handler.setFailing(message);
  }

  /** Ends what `setFailing()` began. */
  setOk(): void {
    this.#handler.setOk();
  }

  /**
   * Closes the server as `run` does at its end. It never rejects, and may be called at any time and
   * any number of times: it always settles when the port is free and every socket is gone.
   */
  close(): Promise<void> {
    return this.#close();
  }

  /** Closes the server at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

/** What an open server consists of. */
interface Parts extends Pick<Server, "address" | "url" | "closed" | "close"> {
  readonly handler: ScrapeHandler;
}

/** All arguments of a server, understood. */
interface Plan {
  readonly gatherer: Gatherer;
  readonly target: ListenTarget;
  readonly label: string;
  readonly options: ResolvedOptions;
  readonly log: Log;
}

function planOf(
  source: Source | readonly Source[],
  address: Address,
  serverOptions: ServerOptions | undefined,
): Plan {
  const options = resolveOptions(serverOptions);
  if (isFixedPath(options.path)) {
    throw new RangeError(`The option "path" is taken by the server itself: "${options.path}"`);
  }
  return {
    gatherer: gathererOf(source),
    target: parseAddress(address),
    label: describeAddress(address),
    options,
    log: createLog(options.logger),
  };
}

/** How often it is checked whether the owner of a given server has closed it. */
const OWNER_CHECK_MS = 1_000;

async function open({ gatherer, target, label, options, log }: Plan): Promise<Parts> {
  let closing: Promise<void> | undefined;
  const handler = createScrapeHandler(gatherer, options, log, () => listener.connections);
  const onRequest = createRequestListener({
    metricsPath: options.path,
    hasLandingPage: options.landingPage,
    isReady: () => closing === undefined,
    allowedHosts: options.allowedHosts,
    scrape: handler.scrape,
    overview: handler.overview,
    log,
  });
  const listener: Connections = new Connections(onRequest, options);
  await listen(listener.server, target, label);

  const accepting: NetServer = target.kind === "server" ? target.server : listener.server;
  const address = accepting.address() ?? "";
  const closed = new Promise<void>((resolve) => accepting.once("close", resolve));
  const onError = (error: Error) => log.error("The server had an error and goes on", error);
  accepting.on("error", onError);
  if (options.unref) accepting.unref();

  const close = () => {
    closing ??= drain(listener, accepting, closed, options.drainTimeoutMs);
    return closing;
  };
  // The owner of a given server may close it, too; it says so only when its last connection has
  // gone, which no idle one would do for long.
  const watch = setInterval(() => {
    if (!accepting.listening) void close();
  }, OWNER_CHECK_MS).unref();
  void closed.then(() => {
    clearInterval(watch);
    accepting.off("error", onError);
    handler.forget();
    return close();
  });
  return { address, url: urlOf(address, options.path), closed, close, handler };
}

async function drain(
  listener: Connections,
  accepting: NetServer,
  closed: Promise<void>,
  drainTimeoutMs: number,
): Promise<void> {
  // Both, because a server that was given accepts while ours holds the connections; the one that
  // is not listening says so to its callback, which nobody needs to hear.
  accepting.close(() => {});
  listener.server.close(() => {});
  listener.drain();
  const timer = setTimeout(() => listener.destroy(), drainTimeoutMs);
  await closed;
  clearTimeout(timer);
}
