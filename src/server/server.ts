/**
 * The life of our own server: it listens, bounds, answers and shuts down.
 *
 * `options/address.ts` says where to listen, `listen.ts` accepts raw sockets there, whatever the address.
 * `connections.ts` counts and bounds them, so that a shutdown can close each at the right moment.
 * `http-server.ts` passes them to `node:http` and bounds what a client may send; a layer such as TLS
 * would stand between the two. `port.ts` is all of that together. `client-error.ts` answers what is not
 * HTTP. `requests.ts` is the last line of defence: nothing it calls may throw past it. A shutdown stops
 * accepting, after the delay of `closing.ts`, closes idle connections at once, lets running scrapes
 * finish, and cuts off what is left after `drainTimeoutMs`. `open-server.ts` puts a server together,
 * `open/open-in-group.ts` one that listens only while its process is the hub of a group, and `thread/` one that
 * is in a thread of its own; `open/` chooses. Once the server listens, no error reaches the process.
 */
import type { AddressInfo } from "node:net";
import { gathererOf } from "../gatherers/gatherer-of.ts";
import { isFixedPath } from "../http/routes.ts";
import { createLog } from "../log.ts";
import type { Sources } from "../model/gatherer.ts";
import { isProbe } from "../model/probe.ts";
import {
  type Address,
  describeAddress,
  type ListenTarget,
  ordinaryTarget,
} from "../options/address.ts";
import type { Controls, ServerOptions } from "../options/options.ts";
import { resolveOptions } from "../options/rules.ts";
import { isSecured } from "../options/security-rules.ts";
import type { WorkerRole } from "../options/workers.ts";
import { type OpenServer, openServer, type ServerArguments } from "./open-server.ts";
import { type Shutdown, shutdownOf } from "./shutdown.ts";

/**
 * A metrics server: one HTTP endpoint that serves registries to Prometheus.
 *
 * Once it listens, no error in it reaches the process as an `uncaughtException` or an
 * `unhandledRejection`: it is answered, counted and logged.
 */
export class Server implements Controls {
  /** Resolves when the server is closed: the port is free, and every socket is closed. */
  readonly closed: Promise<void>;

  readonly #open: OpenServer;

  private constructor(open: OpenServer) {
    this.closed = open.closed;
    this.#open = open;
  }

  /**
   * Where it listens, as `net.Server.address()` returns it: the real port, or a unix socket's path. With
   * the option `workers` it is where the hub listens now, whichever worker that is.
   */
  get address(): AddressInfo | string {
    return this.#open.address;
  }

  /**
   * The URL of the metrics, such as `http://[::1]:9464/metrics`; `unix:` and the path for a unix
   * socket. A server that listens on every interface is called `localhost`. With the option `workers` it
   * is that of the hub.
   */
  get url(): string {
    return this.#open.url;
  }

  /**
   * What this process is among the workers: `"hub"` listens and answers for all, `"member"` reports to
   * the hub and may become the next one. Without the option `workers`, or where there can be no group,
   * it is `"alone"`.
   */
  get role(): WorkerRole {
    return this.#open.role;
  }

  /**
   * Whether clients speak TLS, which the URL of a unix socket does not tell.
   *
   * @internal
   */
  get isTls(): boolean {
    return this.#open.security?.isTls ?? false;
  }

  /**
   * Serves `source` until `shutdown`, then stops accepting, closes idle connections at once, lets
   * running scrapes finish and resolves. With the option `shutdownDelayMs` it serves that much longer,
   * and only says that it is not ready. Without a `shutdown` it serves forever.
   *
   * @param source A registry of prom-client 13 to 15 or `@prometheus-io/client`, a `Gatherer`, an
   *   array of them, or an object that names them.
   * @param shutdown An `AbortSignal` or a promise. A promise that rejects ends the server, too, and its
   *   reason is logged. With a signal that has aborted already, `run` resolves without listening.
   * @throws {TypeError} For arguments of a wrong type.
   * @throws {RangeError} For arguments that are out of range.
   * @throws {ListenError} When the address cannot be listened on.
   * @throws {ConfigError} When a file of the options `webConfigFile`, `tls` or `auth` cannot be used.
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
    source: Sources,
    address: Address,
    shutdown?: Shutdown,
    options?: ServerOptions,
  ): Promise<void> {
    const checked = checkArguments(source, options);
    const end = shutdownOf(shutdown, checked.log);
    try {
      const target = ordinaryTarget(address) ?? (await parseTarget(address));
      if (end.isOver()) return;
      const server = new Server(await open(checked, target));
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
   * @throws {ConfigError} When a file of the options `webConfigFile`, `tls` or `auth` cannot be used.
   *
   * @example
   * ```ts
   * const server = await Server.listen(register, "127.0.0.1:0");
   * console.log(`Metrics at ${server.url}`);
   * await server.close();
   * ```
   */
  static async listen(source: Sources, address: Address, options?: ServerOptions): Promise<Server> {
    const checked = checkArguments(source, options);
    const target = ordinaryTarget(address) ?? (await parseTarget(address));
    return new Server(await open(checked, target));
  }

  update(work: () => unknown): Promise<void> {
    return this.#open.controls.update(work);
  }

  setFailing(message?: string): void {
    this.#open.controls.setFailing(message);
  }

  setOk(): void {
    this.#open.controls.setOk();
  }

  setReady(isReady: boolean): void {
    this.#open.controls.setReady(isReady);
  }

  /**
   * Reads the files of the options `webConfigFile`, `tls` and `auth` again, as it happens by itself when
   * they change. It never rejects: a file that cannot be honoured is logged, and the last good one stays.
   */
  async reload(): Promise<void> {
    await this.#open.security?.reload();
  }

  /**
   * Closes the server as `run` does at its end. It never rejects, may be called at any time and any
   * number of times, and resolves when the port is free and every socket is closed. Called again during
   * `shutdownDelayMs`, it ends that delay.
   */
  close(): Promise<void> {
    return this.#open.close();
  }

  /** Closes the server at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#open.close();
  }
}

/** The arguments of a server without its address. */
type CheckedArguments = Omit<ServerArguments, "target" | "label">;

function checkArguments(
  source: Sources,
  serverOptions: ServerOptions | undefined,
): CheckedArguments {
  const options = resolveOptions(serverOptions);
  if (isFixedPath(options.path)) {
    throw new RangeError(
      `Option "path" must be a path that the server does not use itself, got "${options.path}"`,
    );
  }
  if (isProbe(source)) throw new TypeError('A probe needs a path of its own: option "paths"');
  return { gatherer: gathererOf(source), options, log: createLog(options.logger) };
}

async function parseTarget(address: unknown): Promise<ListenTarget> {
  const { parseAddress } = await import("../options/late-rules.ts");
  return parseAddress(address);
}

/** What a server has beside its port and its path: most have none of it. */
const RARE = ["paths", "tls", "healthAddress", "workers", "thread"] as const;

/** Opens the server of this process, or that of the group that it joins. */
async function open(checked: CheckedArguments, target: ListenTarget): Promise<OpenServer> {
  const given = { ...checked, target, label: describeAddress(target) };
  const { options } = checked;
  if (!isSecured(options) && RARE.every((name) => options[name] === undefined)) {
    return openServer(given);
  }
  const { openAny } = await import("./open/open-any.ts");
  return openAny(given);
}
