/**
 * Turns metric families into the body that a scraper asked for.
 *
 * The request's headers decide format, escaping and content encoding. The encoder of the format
 * yields chunks, a `ChunkReader` takes them in slices of the event loop, and a compressor may follow.
 * A small body is whole when it is returned; a larger one is made while it is sent. The memory of its
 * chunks belongs to this room. It is reused as soon as the signal aborts with `OVER`. When the signal
 * aborts for another reason, its bytes may still be read, so it is abandoned. Nothing here gathers,
 * waits for a deadline or counts: `scrape/` does, and is told what happened.
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
import { BlockStore } from "./kept/store.ts";
import { memoiseByHeader } from "./negotiation/memo.ts";

/** The headers by which a scraper says what it reads. */
export interface AcceptHeaders {
  /** The value of `Accept`. */
  readonly accept: string | undefined;
  /** The value of `Accept-Encoding`. */
  readonly acceptEncoding: string | undefined;
}

/** The families to expose. */
export interface SelectedFamilies {
  readonly families: readonly MetricFamily[];
  /** Names what was asked for; see `EncodeOptions.selection`. */
  readonly selection: string | undefined;
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
  expose(
    selected: SelectedFamilies,
    wanted: AcceptHeaders,
    signal: Signal,
  ): MaybePromise<Exposition>;
  /** What it keeps between scrapes; another exposer may share it, and with it the budget. */
  readonly store: BlockStore;
  /** Drops what is kept between scrapes, that of exposers with the same store included. */
  clear(): void;
}

/** Keeps values from changing while they are read. */
export interface ReadingLock {
  /** Waits until `reader` may begin. */
  enter(reader: ChunkReader, signal: Signal): MaybePromise<void>;
  /** Called when `reader` has ended. */
  leave(reader: ChunkReader): void;
}

/** What an exposer works with, and what it reports. */
export interface ExposerContext {
  readonly lock: ReadingLock;
  /** Of another exposer; absent where it has one of its own. */
  readonly store?: BlockStore | undefined;
  readonly report: FaultReporter;
  warn(message: string): void;
  onEncoded(durationMs: number): void;
  onSent(bytes: number, format: string, encoding: string): void;
  onOversized(message: string): void;
  /** Called when all families were within the limit. */
  onWithinLimit(): void;
}

/** How many scrapes at once find memory to reuse: mostly there are one or two scrapers. */
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
  const { lock, report, store = new BlockStore(maxKeptBytes, context) } = context;
  const negotiate = memoiseByHeader((accept) => negotiateFormat(accept, formats));
  const encoders = createEncoders(store);
  const compressor = createCompressor(compression);
  const spareMemory: ChunkMemory[] = [];

  const read = (
    encoder: Encoder,
    { families, selection }: SelectedFamilies,
    signal: Signal,
  ): MaybePromise<Body> => {
    const memory = takeMemory(spareMemory, signal);
    const chunks = encoder.encode(families, report, { selection, memory });
    // A part is not larger than the whole, which may exceed the limit.
    const onWithin = selection === "" ? context.onWithinLimit : undefined;
    const bounded =
      bodyLimit === undefined
        ? chunks
        : withinLimit(chunks, bodyLimit, context.onOversized, onWithin);
    const onEnd = (ended: ChunkReader) => {
      lock.leave(ended);
      context.onEncoded(ended.durationMs);
      store.afterScrape();
    };
    const reader = new ChunkReader(bounded, signal, { memory, onEnd });
    return andThen(lock.enter(reader, signal), () => startBody(reader));
  };

  return {
    headersOnly: ({ accept }) => toExposition(negotiate(accept).contentType, EMPTY_BODY),

    expose(selected, { accept, acceptEncoding }, signal) {
      const { format, escaping, contentType } = negotiate(accept);
      const finish = ({ body, encoding }: CompressedBody) => {
        const count = (bytes: number) => context.onSent(bytes, format, encoding);
        return toExposition(contentType, { body: counted(body, count), encoding });
      };
      return andThen(encoders.get(format, escaping), (encoder) =>
        andThen(compressor.negotiate(acceptEncoding), (encoding) =>
          andThen(read(encoder, selected, signal), (plain) =>
            andThen(compressor.compress(plain, encoding), finish),
          ),
        ),
      );
    },

    store,

    clear() {
      store.clear();
      spareMemory.length = 0;
    },
  };
}

/** Takes memory for the chunks of one scrape, and puts it back when the scrape is over. */
function takeMemory(spare: ChunkMemory[], signal: Signal): ChunkMemory {
  const memory = spare.pop() ?? new ChunkMemory();
  signal.addEventListener("abort", () => {
    if (signal.reason !== OVER) {
      memory.abandon();
      return;
    }
    memory.clear();
    if (spare.length < MAX_SPARE_MEMORY) spare.push(memory);
  });
  return memory;
}

const EMPTY_BODY: CompressedBody = { body: new Uint8Array(), encoding: "identity" };

function toExposition(contentType: string, { body, encoding }: CompressedBody): Exposition {
  return {
    headers: {
      "Content-Type": contentType,
      ...(encoding !== "identity" && { "Content-Encoding": encoding }),
      // A cache in between must not serve one scraper the format of another, nor an old value.
      Vary: "Accept, Accept-Encoding",
      "Cache-Control": "no-store",
    },
    body,
  };
}

/**
 * Yields the chunks of a body, and checks their total size.
 *
 * @param onExceeded Called once, when the limit is exceeded.
 * @param onWithin Called at the end, when it was not.
 * @throws {RangeError} When the limit is exceeded and its action is `"fail"`.
 */
export function* withinLimit(
  chunks: Iterator<Uint8Array>,
  { bytes, action }: BodyLimit,
  onExceeded: (message: string) => void,
  onWithin: (() => void) | undefined = undefined,
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
    if (!isExceeded) onWithin?.();
  } finally {
    chunks.return?.();
  }
}
