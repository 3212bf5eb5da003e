import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { readVariables } from "../../exporter/environment.ts";

/** The methods of an exporter that its constructor, the SDK and applications call. */
export interface ExporterMethods {
  /** Listens. It rejects with the error of the system. */
  startServer(): Promise<void>;
  /** Stops listening. It never rejects. */
  stopServer(): Promise<void>;
  /** Answers a request that another server has received. */
  getMetricsRequestHandler(request: IncomingMessage, response: ServerResponse): void;
}

/**
 * Makes the methods that replace those of an exporter. Its constructor has read its options by then.
 *
 * @param own Its own methods, for what cannot be replaced.
 */
export type Replacement = (exporter: object, own: ExporterMethods) => ExporterMethods;

/** What is used of the exporter's module. */
interface ExporterModule {
  readonly PrometheusExporter: {
    readonly prototype: ExporterMethods;
    readonly DEFAULT_OPTIONS?: Readonly<Record<string, unknown>>;
  };
}

/**
 * Replaces the methods of the exporters that a file's class makes, now or later. The class, which the SDK
 * and the application import, stays the same.
 *
 * @param replacement Called for an exporter when the first of its methods is.
 * @throws {TypeError} For a class without one of the methods; it is left as it is. Whatever the file throws
 *   when it is loaded.
 */
export function takeOver(path: string, replacement: Replacement): void {
  // `require()` loads ES modules, too, and at once: the next preload may make an exporter.
  const { PrometheusExporter }: ExporterModule = createRequire(path)(path);
  const { prototype, DEFAULT_OPTIONS } = PrometheusExporter;
  const own = ownMethods(prototype);
  const known = new WeakMap<object, ExporterMethods>();
  const methodsOf = (exporter: object): ExporterMethods => {
    const found = known.get(exporter);
    if (found !== undefined) return found;
    const methods = replacement(exporter, own(exporter));
    known.set(exporter, methods);
    return methods;
  };
  const methods: ExporterMethods = {
    startServer() {
      return methodsOf(this).startServer();
    },
    stopServer() {
      return methodsOf(this).stopServer();
    },
    getMetricsRequestHandler(request, response) {
      methodsOf(this).getMetricsRequestHandler(request, response);
    },
  };
  define(prototype, methods);
  if (DEFAULT_OPTIONS !== undefined) followVariables(DEFAULT_OPTIONS);
}

/**
 * Keeps the exporters of a file's class from serving anything, where they cannot be replaced and must not serve
 * everybody.
 *
 * @throws Whatever the file throws when it is loaded: then there is no exporter of it.
 */
export function disarm(path: string): void {
  const { PrometheusExporter }: ExporterModule = createRequire(path)(path);
  define(PrometheusExporter.prototype, {
    startServer: () => Promise.reject(new Error("The preload of promhttp keeps it from serving")),
    getMetricsRequestHandler: (_, response) => refuse(response),
  });
}

/** Answers where nobody may be told anything. A response may have only `end()`. */
export function refuse(response: ServerResponse): void {
  response.statusCode = 503;
  response.end("Service Unavailable\n");
}

function define(prototype: object, methods: Partial<ExporterMethods>): void {
  for (const [name, value] of Object.entries(methods)) {
    // As a class defines its methods: not enumerable.
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

/** Makes the function that binds the methods of a class to one of its exporters. */
function ownMethods(prototype: ExporterMethods): (exporter: object) => ExporterMethods {
  const { startServer, stopServer, getMetricsRequestHandler } = prototype;
  const methods = { startServer, stopServer, getMetricsRequestHandler };
  for (const [name, method] of Object.entries(methods)) {
    if (typeof method !== "function")
      throw new TypeError(`its PrometheusExporter has no ${name}()`);
  }
  // Cast: it is of that class.
  return (exporter) => bound(exporter as ExporterMethods, methods);
}

function bound(exporter: ExporterMethods, methods: ExporterMethods): ExporterMethods {
  return {
    startServer: () => methods.startServer.call(exporter),
    stopServer: () => methods.stopServer.call(exporter),
    getMetricsRequestHandler: (...args) => methods.getMetricsRequestHandler.apply(exporter, args),
  };
}

/**
 * Makes the variables of the specification the defaults of an exporter that does not read them itself. Those
 * since 0.300 do not: only `NodeSDK` passes them on. What an application or a configuration file says wins.
 */
function followVariables(defaults: Readonly<Record<string, unknown>>): void {
  const { host, port } = defaults;
  follow(defaults, "host", () => readVariables().host || host);
  follow(defaults, "port", () => Number(readVariables().port) || port);
}

function follow(defaults: object, name: string, get: () => unknown): void {
  // Unlike `defineProperty` of `Object` it does not throw where it may not.
  Reflect.defineProperty(defaults, name, { get, enumerable: true, configurable: true });
}
