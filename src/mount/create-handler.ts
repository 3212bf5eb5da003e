/**
 * The endpoint for a web server that exists already: any path, any framework.
 *
 * `mount.ts` makes the functions that such a server calls: it rejects what no scraper sends, and
 * never throws into its host. A handler is one mount for the metrics, and one for each further thing
 * that `Server` has at a path of its own. `http/` reads their requests and sends their responses, to
 * `node:http` as well as through the Fetch API. This room opens no socket, and compares no path.
 */

import type { Endpoint, EndpointParts } from "../endpoint/endpoint.ts";
import { createHandlerEndpoint, createProbeHandlerEndpoint } from "../endpoint/handler-endpoint.ts";
import { gathererOf } from "../gatherers/gatherer-of.ts";
import { HEALTHY, NOT_FOUND, NOT_READY, READY } from "../http/fixed-answers.ts";
import { createLog } from "../log.ts";
import type { Sources } from "../model/gatherer.ts";
import { isProbe, NO_ALLOW, type Probe } from "../model/probe.ts";
import type { Controls, HandlerOptions } from "../options/options.ts";
import { resolveHandlerOptions } from "../options/rules.ts";
import type { Content } from "./answer-fetch.ts";
import { guardOf } from "./late-guard.ts";
import { createMount, type Mount } from "./mount.ts";

/** Serves metrics from an existing web server, and what probes ask for. */
export interface Handler extends Mount, Controls {
  /**
   * Shows a person what is exported, and how scrapes and collectors do, at any path. Showing it runs the
   * collectors, as a scrape does.
   */
  readonly page: Mount;
  /** Answers 200 as long as the process answers at all. */
  readonly health: Mount;
  /** Answers 200, or 503 after `setReady(false)`. */
  readonly ready: Mount;
  /**
   * With the option `workers`, lists the workers for HTTP service discovery, at any path. A mount does
   * not know the path of the metrics: where that is not `/metrics`, the request names it, as in
   * `?path=/internal/metrics`. Without the option it answers 404.
   */
  readonly targets: Mount;
  /**
   * Drops what is kept for the next scrape, and leaves the other workers. Call it when there will be no
   * other scrape.
   */
  close(): void;
}

/**
 * Makes a handler that serves `source` wherever it is mounted: any path, any framework.
 *
 * What a probe counts is served nowhere, because no metrics are known to belong to it; its `page` and
 * `targets` answer 404. Its details are checked when its code has been loaded: if one is wrong, that is logged,
 * and every request gets 500.
 *
 * @param source A registry of prom-client 13 to 15 or `@prometheus-io/client`, a `Gatherer`, an array of
 *   them; or a `Probe`, which gets a handler of its own.
 * @throws {TypeError} For arguments of a wrong type, and for options that only a `Server` has.
 * @throws {RangeError} For options that are out of range.
 * @throws {ConfigError} When the file of the option `auth.bearerTokenFile` cannot be used.
 *
 * @example
 * ```ts
 * const metrics = createHandler(register);
 * app.get("/metrics", metrics); // Express
 * app.get("/metrics", (c) => metrics.fetch(c.req.raw)); // Hono
 * app.get("/metrics/page", metrics.page);
 * app.get("/ready", metrics.ready);
 * app.get("/probe", createHandler(probe));
 * ```
 */
export function createHandler(source: Sources | Probe, options?: HandlerOptions): Handler {
  const resolved = resolveHandlerOptions(options);
  const log = createLog(resolved.logger);
  const guard = guardOf(resolved, log);
  const parts = {
    options: resolved,
    log,
    paths: [],
    hasPage: true,
    furtherFamilies: guard?.families,
  };
  const endpoint = endpointOf(source, parts);
  const { scrape, page, targets, update, setFailing, setOk, setReady, isReady, close } = endpoint;
  const headers = resolved.compression.encodings.length > 0 ? NO_TRANSFORM : {};
  const mountOf = (content: Content): Mount =>
    createMount({ content, options: resolved, log, guard });
  return Object.assign(mountOf({ scrape, headers }), {
    page: mountOf(isProbe(source) ? { fixed: () => NOT_FOUND } : { scrape: page, headers: {} }),
    health: mountOf({ fixed: () => HEALTHY, isHealth: true }),
    ready: mountOf({ fixed: () => (isReady() ? READY : NOT_READY), isHealth: true }),
    targets: mountOf({ fixed: (head) => targets?.(head, undefined) ?? NOT_FOUND }),
    update,
    setFailing,
    setOk,
    setReady,
    close() {
      void close();
      guard?.close();
    },
  });
}

function endpointOf(source: Sources | Probe, parts: Omit<EndpointParts, "gatherer">): Endpoint {
  if (!isProbe(source)) return createHandlerEndpoint({ ...parts, gatherer: gathererOf(source) });
  if (source.allow === undefined) throw new TypeError(`Option "probe.allow" ${NO_ALLOW}`);
  return createProbeHandlerEndpoint(source, parts);
}

/**
 * Keeps middlewares from compressing what we compress ourselves, or leave uncompressed because the
 * scraper asks for that: RFC 9111 §5.2.2.6. They do not touch what is encoded already, but may buffer
 * what they encode without a bound: `CompressionStream` before Node 24 takes 16,384 chunks.
 */
const NO_TRANSFORM = { "Cache-Control": "no-store, no-transform" };
