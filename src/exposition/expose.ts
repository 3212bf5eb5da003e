import { ChunkMemory } from "./chunk-memory.ts";
import type { Encoder } from "./encoder.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { FaultReporter } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import { type Format, negotiateFormat } from "./formats.ts";
import { memoiseByHeader } from "./negotiation/memo.ts";
import { type Body, counted, startBody } from "./body.ts";
import { type BodyLimit, withinLimit } from "./body-limit.ts";
import { type CompressedBody, type CompressionSettings, createCompressor } from "./compression/compressor.ts";
import { type Deadline, OVER } from "../scrape/deadline.ts";
import { createEncoders } from "./encoders.ts";
import type { Log } from "../log.ts";
import { Reading } from "./chunk-reader.ts";
import type { ScrapeRequest, ScrapeResponse } from "../scrape/scrape.ts";
import type { SelfMetrics } from "../scrape/self-metrics.ts";
import type { UpdateGuard } from "../scrape/update-lock.ts";

/** The settings of what is sent. */
export interface ExposerOptions {
  readonly formats: readonly Format[];
  readonly compression: CompressionSettings;
  readonly bodyLimit: BodyLimit | undefined;
  readonly maxKeptBytes: number;
}

/** What an exposer works with. */
export interface ExposerContext {
  readonly self: SelfMetrics;
  readonly guard: UpdateGuard;
  readonly log: Log;
  readonly report: FaultReporter;
}

/** What is to be sent. */
export interface Exposition {
  readonly families: readonly MetricFamily[];
  /** Names what was asked for; see `EncodeOptions.selection`. */
  readonly selection: string;
}

/** Makes responses of metric families, in the format and content encoding that a request asks for. */
export interface Exposer {
  /** The response to a HEAD request: it gathers nothing. */
  head(status: 200 | 500, request: ScrapeRequest): ScrapeResponse;
  /** Begins to read and encode the families; the response is there with its first chunks. */
  response(
    status: 200 | 500,
    exposition: Exposition,
    request: ScrapeRequest,
    deadline: Deadline,
  ): MaybePromise<ScrapeResponse>;
  /** Drops what is kept between scrapes. */
  forget(): void;
}

/** How many scrapers find memory that another scrape has used: mostly there are one or two. */
const MAX_SPARE_MEMORY = 2;

/** Makes an exposer. */
export function createExposer(
  { formats, compression, bodyLimit, maxKeptBytes }: ExposerOptions,
  { self, guard, log, report }: ExposerContext,
): Exposer {
  const negotiate = memoiseByHeader((accept) => negotiateFormat(accept, formats));
  const encoderOf = createEncoders(maxKeptBytes, log);
  const compressor = createCompressor(compression);
  const spareMemory: ChunkMemory[] = [];

  const onOversized = (message: string): void => {
    self.events.oversized++;
    log.warn(message);
  };

  const read = (
    encoder: Encoder,
    { families, selection }: Exposition,
    { signal }: Deadline,
  ): MaybePromise<Body> => {
    const memory = spareMemory.pop() ?? new ChunkMemory();
    signal.addEventListener("abort", () => {
      if (signal.reason !== OVER) {
        memory.abandon();
        return;
      }
      memory.clear();
      if (spareMemory.length < MAX_SPARE_MEMORY) spareMemory.push(memory);
    });
    const chunks = encoder.encode(families, report, { selection, memory });
    const bounded = bodyLimit === undefined ? chunks : withinLimit(chunks, bodyLimit, onOversized);
    const onEnd = (ended: Reading) => {
      guard.leave(ended);
      self.encoding.count++;
      self.encoding.sumMs += ended.durationMs;
      encoderOf.afterScrape();
    };
    const reading = new Reading(bounded, signal, { memory, onEnd });
    return andThen(guard.enter(reading, signal), () => startBody(reading));
  };

  return {
    head: (status, { accept }) => toResponse(status, negotiate(accept).contentType, EMPTY_BODY),

    response(status, exposition, { accept, acceptEncoding }, deadline) {
      const { format, escaping, contentType } = negotiate(accept);
      const send = ({ body, encoding }: CompressedBody) => {
        const count = (bytes: number) => self.sent(bytes, format, encoding);
        return toResponse(status, contentType, { body: counted(body, count), encoding });
      };
      return andThen(encoderOf(format, escaping), (encoder) =>
        andThen(compressor.negotiate(acceptEncoding), (encoding) =>
          andThen(read(encoder, exposition, deadline), (plain) =>
            andThen(compressor.compress(plain, encoding), send),
          ),
        ),
      );
    },

    forget() {
      encoderOf.forget();
      spareMemory.length = 0;
    },
  };
}

const EMPTY_BODY: CompressedBody = { body: new Uint8Array(), encoding: "identity" };

function toResponse(
  status: 200 | 500,
  contentType: string,
  { body, encoding }: CompressedBody,
): ScrapeResponse {
  return {
    status,
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
