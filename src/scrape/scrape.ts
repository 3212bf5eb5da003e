import type { FaultReporter, Gatherer } from "../model/gatherer.ts";
import { type Format, negotiateFormat } from "../negotiation/format.ts";
import { memoiseByHeader } from "../negotiation/memo.ts";
import { type Body, startBody } from "./body.ts";
import { type CompressedBody, type CompressionSettings, createCompressor } from "./compression.ts";
import { type Deadline, scrapeTimeoutMs, startDeadline, type TimeoutOptions } from "./deadline.ts";
import { createEncoders } from "./encoders.ts";
import { blameOn, explainFailure, sendFailure } from "./failure.ts";
import { GatherCycle } from "./gather-cycle.ts";
import { createOnce, type Log } from "./log.ts";
import { parseNameFilter, requestedFamilies } from "./name-filter.ts";
import { SelfMetrics, type StatusCode } from "./self-metrics.ts";

/** What a scrape needs to know of its request. */
export interface ScrapeRequest {
  readonly isHead: boolean;
  /** What stands behind the `?` of the request target. */
  readonly query: string;
  /** The value of `Accept`. */
  readonly accept: string | undefined;
  /** The value of `Accept-Encoding`. */
  readonly acceptEncoding: string | undefined;
  /** The value of `X-Prometheus-Scrape-Timeout-Seconds`. */
  readonly timeoutSeconds: string | undefined;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** What a scrape answers. */
export interface ScrapeResponse {
  readonly status: StatusCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/**
 * Sends a response, and settles when all of it has been handed over or the client has gone. When
 * the body throws, or the signal aborts, the response must be cut off, so that no client can take
 * a part for the whole.
 */
export type Respond = (response: ScrapeResponse, signal: AbortSignal) => Promise<void>;

/** Answers one scrape. It never rejects: what goes wrong is answered, counted and logged. */
export type Scrape = (request: ScrapeRequest, respond: Respond) => Promise<void>;

/** The settings of a scrape handler. */
export interface ScrapeOptions extends TimeoutOptions {
  /** The formats on offer. */
  readonly formats: readonly Format[];
  readonly compression: CompressionSettings;
  readonly selfMetrics: boolean;
}

/** Makes the function that answers the scrapes of one gatherer. */
export function createScrape(gatherer: Gatherer, options: ScrapeOptions, log: Log): Scrape {
  const self = new SelfMetrics();
  const report = createFaultReporter(self, log);
  const cycle = new GatherCycle(gatherer, report);
  const negotiate = memoiseByHeader((accept) => negotiateFormat(accept, options.formats));
  const encoderOf = createEncoders();
  const compressor = createCompressor(options.compression);

  const gather = async ({ query }: ScrapeRequest, deadline: Deadline) => {
    const filter = parseNameFilter(query);
    const families = await blameOn("gathering", () => cycle.gather(deadline, filter));
    return options.selfMetrics
      ? [...families, ...requestedFamilies(self.families, filter)]
      : families;
  };

  const prepare = async (request: ScrapeRequest, deadline: Deadline): Promise<ScrapeResponse> => {
    const { format, escaping, contentType } = negotiate(request.accept);
    if (request.isHead) return success(contentType, EMPTY_BODY);
    const families = await gather(request, deadline);
    return blameOn("encoding", async () => {
      const encoder = await encoderOf(format, escaping);
      const encoding = await compressor.negotiate(request.acceptEncoding);
      const body = await startBody(encoder.encode(families, report), deadline.signal);
      return success(contentType, await compressor.compress(body, encoding));
    });
  };

  const answer = async (request: ScrapeRequest, respond: Respond): Promise<void> => {
    const deadline = startDeadline(
      scrapeTimeoutMs(request.timeoutSeconds, options),
      request.signal,
    );
    let isAnswered = false;
    try {
      const response = await prepare(request, deadline);
      isAnswered = true;
      self.requests[200]++;
      await respond(response, deadline.signal);
    } catch (thrown) {
      const failure = explainFailure(thrown, deadline.signal);
      if (failure === undefined) return;
      if (failure.cause !== undefined) {
        self.errors[failure.cause]++;
        log.error("The scrape failed", failure.error);
      }
      // Once a byte is out nothing can be taken back: `respond` has cut the response off.
      if (isAnswered) return;
      self.requests[failure.status]++;
      await sendFailure(failure.status, request, respond);
    } finally {
      deadline.clear();
    }
  };

  return async (request, respond) => {
    self.inFlight++;
    try {
      await answer(request, respond);
    } catch (error) {
      log.error("The failure of a scrape could not be answered", error);
    } finally {
      self.inFlight--;
    }
  };
}

const EMPTY_BODY: CompressedBody = { body: new Uint8Array(), encoding: "identity" };

function success(contentType: string, { body, encoding }: CompressedBody): ScrapeResponse {
  return {
    status: 200,
    headers: {
      "Content-Type": contentType,
      ...(encoding !== "identity" && { "Content-Encoding": encoding }),
      // A cache in between must not give one scraper what another asked for, nor an old value.
      Vary: "Accept, Accept-Encoding",
      "Cache-Control": "no-store",
    },
    body,
  };
}

function createFaultReporter(self: SelfMetrics, log: Log): FaultReporter {
  const isNews = createOnce();
  return (family, reason) => {
    self.errors.encoding++;
    const message = `Left something out of the metric family "${family}": ${reason}`;
    if (isNews(message)) log.warn(message);
  };
}
