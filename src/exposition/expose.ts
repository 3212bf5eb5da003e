/**
 * Turns metric families into the body that a scraper asked for.
 *
 * The request's headers decide format, escaping and content encoding. The encoder of the format yields
 * chunks, a `ChunkReader` takes them in slices of the event loop, and a compressor may follow. A body
 * that is small is whole when the promise resolves; a larger one is made while it is sent. The memory of
 * its chunks belongs to this room: it is reused as soon as the signal aborts with `OVER`.
 */
import { OVER, type Signal } from "../abort.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { FaultReporter } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { BodyLimit, ResolvedHandlerOptions } from "../options/options.ts";
import { type Body, counted, startBody } from "./body.ts";
import { ChunkMemory } from "./chunk-memory.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { type CompressedBody, createCompressor } from "./compression/compressor.ts";
import type { Encoder } from "./encoder.ts";
import { createEncoders } from "./encoders.ts";
import { negotiateFormat } from "./formats.ts";
import { memoiseByHeader } from "./negotiation/memo.ts";

/** The headers by which a scraper says what it reads. */
export interface AcceptHeaders {
  /** The value of `Accept`. */
  readonly accept: string | undefined;
  /** The value of `Accept-Encoding`. */
  readonly acceptEncoding: string | undefined;
}

/** What is to be exposed. */
export interface Selection {
  readonly families: readonly MetricFamily[];
  /** Names what was asked for; see `EncodeOptions.selection`. */
  readonly selection: string;
}

/** An exposition, ready to be sent. */
export interface Exposition {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** Makes expositions. */
export interface Exposer {
  /** The exposition without its body: nothing is gathered. */
  headersOnly(wanted: Pick<AcceptHeaders, "accept">): Exposition;
  /** Begins to read and encode the families. */
  expose(selection: Selection, wanted: AcceptHeaders, signal: Signal): MaybePromise<Exposition>;
  /** Drops what is kept between scrapes. */
  clear(): void;
}

/** Keeps the reading of values apart from whatever changes them. */
export interface ReadingLock {
  /** Waits until `reader` may begin. */
  enter(reader: ChunkReader, signal: Signal): MaybePromise<void>;
  /** Called when `reader` has ended. */
  leave(reader: ChunkReader): void;
}

/** What an exposer works with, and what it tells. */
export interface ExposerContext {
  readonly lock: ReadingLock;
  readonly report: FaultReporter;
  warn(message: string): void;
  onEncoded(durationMs: number): void;
  onSent(bytes: number, format: string, encoding: string): void;
  onOversized(message: string): void;
}

/** How many scrapers find memory that another scrape has used: mostly there are one or two. */
const MAX_SPARE_MEMORY = 2;

/** Makes an exposer. */
export function createExposer(
  {
    formats,
    compression,
    bodyLimit,
    maxKeptBytes,
  }: Pick<ResolvedHandlerOptions, "formats" | "compression" | "bodyLimit" | "maxKeptBytes">,
  context: ExposerContext,
): Exposer {
  const { lock, report } = context;
  const negotiate = memoiseByHeader((accept) => negotiateFormat(accept, formats));
  const encoderOf = createEncoders(maxKeptBytes, context);
  const compressor = createCompressor(compression);
  const spareMemory: ChunkMemory[] = [];

  const read = (
    encoder: Encoder,
    { families, selection }: Selection,
    signal: Signal,
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
    const bounded =
      bodyLimit === undefined ? chunks : withinLimit(chunks, bodyLimit, context.onOversized);
    const onEnd = (ended: ChunkReader) => {
      lock.leave(ended);
      context.onEncoded(ended.durationMs);
      encoderOf.afterScrape();
    };
    const reader = new ChunkReader(bounded, signal, { memory, onEnd });
    return andThen(lock.enter(reader, signal), () => startBody(reader));
  };

  return {
    headersOnly: ({ accept }) => toExposition(negotiate(accept).contentType, EMPTY_BODY),

    expose(selection, { accept, acceptEncoding }, signal) {
      const { format, escaping, contentType } = negotiate(accept);
      const finish = ({ body, encoding }: CompressedBody) => {
        const count = (bytes: number) => context.onSent(bytes, format, encoding);
        return toExposition(contentType, { body: counted(body, count), encoding });
      };
      return andThen(encoderOf(format, escaping), (encoder) =>
        andThen(compressor.negotiate(acceptEncoding), (encoding) =>
          andThen(read(encoder, selection, signal), (plain) =>
            andThen(compressor.compress(plain, encoding), finish),
          ),
        ),
      );
    },

    clear() {
      encoderOf.forget();
      spareMemory.length = 0;
    },
  };
}

const EMPTY_BODY: CompressedBody = { body: new Uint8Array(), encoding: "identity" };

function toExposition(contentType: string, { body, encoding }: CompressedBody): Exposition {
  return {
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

/**
 * Passes on the chunks of a body, and notices when they become too many.
 *
 * @param onExceeded Called once, when the limit is passed.
 * @throws {RangeError} When the limit is passed and its action says so.
 */
export function* withinLimit(
  chunks: Iterator<Uint8Array>,
  { bytes, action }: BodyLimit,
  onExceeded: (message: string) => void,
): Generator<Uint8Array, void, undefined> {
  let total = 0;
  let isExceeded = false;
  try {
    for (let step = chunks.next(); !step.done; step = chunks.next()) {
      total += step.value.length;
      if (total > bytes && !isExceeded) {
        isExceeded = true;
        const message = `A scrape gave more than ${bytes} bytes`;
        onExceeded(message);
        if (action === "fail") throw new RangeError(message);
      }
      yield step.value;
    }
  } finally {
    chunks.return?.();
  }
}
