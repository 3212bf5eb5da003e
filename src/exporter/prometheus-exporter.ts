/**
 * `PrometheusExporter` of `@opentelemetry/exporter-prometheus`, over our reader and our server.
 *
 * An application that exports with that package changes one line, its import. So the class has the same
 * constructor, options (`exporter-settings.ts`), methods and error values, and listens where the other
 * one would (`place.ts`, `default-host.ts`). `restartable-server.ts` starts and stops the server.
 * Requests that the application routes itself go to a handler, or to `plain-response.ts` where no
 * response of Node comes with them. It logs where OpenTelemetry logs (`diag-logger.ts`). Its constructor
 * throws for options of a wrong type. From then on, no error of it reaches the process.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isInstance, ListenError, messageOf } from "../errors.ts";
import { PrometheusReader } from "../gatherers/opentelemetry/reader.ts";
import { createLog, type Log } from "../log.ts";
import { createHandler, type Handler } from "../mount/create-handler.ts";
import { Server } from "../server/server.ts";
import { readSdkVersion } from "./default-host.ts";
import { readVariables } from "./environment.ts";
import type { ExporterConfig } from "./exporter-config.ts";
import { type ExporterSettings, settingsOf } from "./exporter-settings.ts";
import { DEFAULT_PORT, placeOf, startLineOf } from "./place.ts";
import { answerRouted } from "./plain-response.ts";
import { RestartableServer } from "./restartable-server.ts";

/**
 * A metric reader of the OpenTelemetry SDK 2 and 3 that serves its metrics to Prometheus. It replaces the
 * class of that name in `@opentelemetry/exporter-prometheus`: names and labels, host, port and path stay
 * the same.
 *
 * It listens at once, and does not keep the process alive. It serves only the path of the metrics and
 * probes: `/-/healthy` and `/-/ready`.
 *
 * @example
 * ```ts
 * import { MeterProvider } from "@opentelemetry/sdk-metrics";
 * import { PrometheusExporter } from "promhttp/opentelemetry";
 *
 * const exporter = new PrometheusExporter({ port: 9464 });
 * const provider = new MeterProvider({ readers: [exporter] });
 * ```
 */
export class PrometheusExporter extends PrometheusReader {
  /** The defaults of the options that `@opentelemetry/exporter-prometheus` has. */
  static readonly DEFAULT_OPTIONS: {
    /** The version of the SDK decides. */
    readonly host: undefined;
    /** 9464 */
    readonly port: number;
    /** `"/metrics"` */
    readonly endpoint: string;
    /** `""`: none */
    readonly prefix: string;
    /** `false` */
    readonly appendTimestamp: boolean;
    /** None. */
    readonly withResourceConstantLabels: undefined;
    /** `false` */
    readonly withoutScopeInfo: boolean;
    /** `false` */
    readonly withoutTargetInfo: boolean;
  } = Object.freeze({
    host: undefined,
    port: DEFAULT_PORT,
    endpoint: "/metrics",
    prefix: "",
    appendTimestamp: false,
    withResourceConstantLabels: undefined,
    withoutScopeInfo: false,
    withoutTargetInfo: false,
  });

  readonly #settings: ExporterSettings;
  readonly #log: Log;
  readonly #server: RestartableServer<Server>;
  #handler: Handler | undefined;

  /**
   * Makes an exporter and, without the option `preventServerStart`, starts its server.
   *
   * @param callback Called once, later: without an argument when the server listens, or is not to, and
   *   with the error of the system when it cannot listen, which is logged, too. What it throws reaches
   *   the process, as it does from the exporter of OpenTelemetry: some applications end with it.
   * @throws {TypeError} For an option of a wrong type.
   * @throws {RangeError} For an option that is out of range, except for `port`: the callback gets that.
   */
  constructor(config: ExporterConfig = {}, callback?: (error?: Error) => void) {
    const settings = settingsOf(config, readVariables());
    super(settings.reader);
    this.#settings = settings;
    this.#log = createLog(settings.logger);
    this.#server = new RestartableServer(() => this.#listen());
    // It is passed on as a function.
    this.getMetricsRequestHandler = this.getMetricsRequestHandler.bind(this);
    for (const note of settings.notes) this.#log.note(note);
    if (!settings.startsServer) {
      queueMicrotask(() => callback?.());
      return;
    }
    void this.startServer().then(
      () => callback?.(),
      (error) => {
        this.#log.error("Cannot serve metrics", error);
        callback?.(error);
      },
    );
  }

  /** The URL of the metrics while the server listens, with its real port. */
  get url(): string | undefined {
    return this.#server.current?.url;
  }

  /**
   * Starts the server; called again while it runs, it returns the same promise. A server that was stopped
   * listens again.
   *
   * @throws The error of the system when it cannot listen, such as one with the code `EADDRINUSE`.
   */
  startServer(): Promise<void> {
    return this.#server.start();
  }

  /**
   * Stops the server: running scrapes may finish, within `drainTimeoutMs`. It resolves when every socket
   * is closed, at once if the server has not been started, and never rejects.
   */
  stopServer(): Promise<void> {
    return this.#server.stop();
  }

  /** Stops the server, and ends the collecting: from now on, a scrape of a handler gets a 500. */
  override async shutdown(options?: {
    readonly timeoutMillis?: number | undefined;
  }): Promise<void> {
    // In this order, so that the last scrapes are still answered.
    await this.stopServer();
    await super.shutdown(options);
    this.#handler?.close();
  }

  /**
   * Answers a scrape that another web server has routed. It does not use `this`, never throws, and ends
   * every response. The promise never rejects, and resolves when the response is finished.
   *
   * @param request May be anything: without a method, it is a GET.
   * @param response One of `node:http`, or an object with `statusCode`, `setHeader()` and `end()`, which
   *   gets text.
   *
   * @example
   * ```ts
   * app.get("/metrics", exporter.getMetricsRequestHandler);
   * ```
   */
  getMetricsRequestHandler(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#handler ??= this.#createHandler();
    return answerRouted(request, response, this.#handler, this.#log);
  }

  /** Makes what answers the application's own server: nobody, unless all that says who may ask is kept there. */
  #createHandler(): Handler {
    const { handler, server, logger } = this.#settings;
    try {
      if (server.webConfigFile === undefined) return createHandler(this, handler);
      throw new TypeError('Option "webConfigFile" is only for the server of the exporter');
    } catch (error) {
      this.#log.fault(`Requests that the application routes are refused: ${messageOf(error)}`);
      return createHandler(this, { logger, auth: { authorize: () => false } });
    }
  }

  async #listen(): Promise<Server> {
    const place = placeOf(this.#settings.place, readSdkVersion);
    try {
      const { host, port } = place;
      const server = await Server.listen(
        this,
        host === undefined ? { port } : { host, port },
        this.#settings.server,
      );
      // A member of a group does not listen.
      if (server.role !== "member") this.#log.note(startLineOf(server.url, place));
      return server;
    } catch (error) {
      throw isInstance(error, ListenError) ? error.cause : error;
    }
  }
}
