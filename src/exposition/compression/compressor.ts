/**
 * Compresses the body of a response as its request allows.
 *
 * A content encoding is a row of `CODECS` and the file of its stream; the options name it. First
 * `negotiate()` picks one for the `Accept-Encoding` header, then `compress()` runs the body through its
 * stream. A body that is whole stays whole, so that its length can be sent; a stream stays a stream. A
 * small body is sent as it is.
 *
 * The code of an encoding, `compress.ts` and `node:zlib` load when they are first used. Compression runs
 * on the thread pool, which reads a chunk until its write is done: only then is the next chunk asked
 * for, so the producer may reuse one buffer. Nothing here decodes, and nothing keeps a body.
 */
import { andThen, type MaybePromise } from "../../maybe-promise.ts";
import type { CONTENT_ENCODINGS, CompressionSettings } from "../../options/options.ts";
import { type Body, chunksOf, isWhole, streamOfGenerator } from "../body.ts";
import {
  IDENTITY,
  type Identity,
  negotiateContentEncoding,
} from "../negotiation/content-encoding.ts";
import { memoiseByHeader } from "../negotiation/memo.ts";
import type { CreateStream } from "./compress.ts";

type CodecName = (typeof CONTENT_ENCODINGS)[number];

/** How the bytes of a response are packed (RFC 9110 §8.4.1). */
export type ContentEncoding = CodecName | Identity;

/** Compresses the body of a response as its request allows. */
export interface Compressor {
  /** Picks the content encoding for an `Accept-Encoding` header. */
  negotiate(header: string | undefined): MaybePromise<ContentEncoding>;
  compress(body: Body, encoding: ContentEncoding): MaybePromise<CompressedBody>;
}

/** A body with the content encoding that it has in the end. */
export interface CompressedBody {
  readonly body: Body;
  readonly encoding: ContentEncoding;
}

/** A content encoding: its other names, its level, its stream. */
interface Codec {
  /** What else a request may call it. */
  readonly aliases: readonly string[];
  levelOf(settings: CompressionSettings): number | undefined;
  load(): Promise<CreateStream>;
  /** Tells whether this Node has it; absent where every Node has. */
  isAvailable?(): Promise<boolean>;
}

const CODECS: Readonly<Record<CodecName, Codec>> = {
  gzip: {
    // RFC 9110 §8.4.1.3: a recipient treats `x-gzip` as `gzip`.
    aliases: ["x-gzip"],
    levelOf: ({ gzipLevel }) => gzipLevel,
    load: loadGzip,
  },
  zstd: {
    aliases: [],
    levelOf: ({ zstdLevel }) => zstdLevel,
    load: loadZstd,
    isAvailable: isZstdThere,
  },
};

async function loadGzip(): Promise<CreateStream> {
  const { createGzip } = await import("./gzip.ts");
  return createGzip;
}

async function loadZstd(): Promise<CreateStream> {
  const { createZstd } = await import("./zstd.ts");
  return createZstd;
}

async function isZstdThere(): Promise<boolean> {
  const { isZstdAvailable } = await import("./zstd.ts");
  return isZstdAvailable();
}

/** The codec for each other name. */
export const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries(CODECS).flatMap(([name, { aliases }]) => aliases.map((alias) => [alias, name])),
);

/**
 * The smallest body that is worth compressing, in bytes.
 *
 * A smaller one and its head fit one TCP segment of 1,460 bytes, so compressing it saves no packet.
 * Even the shortest gzip stream costs 0.07 ms of CPU time.
 */
const MIN_COMPRESS_BYTES = 1_024;

/** Makes the compressor of a scrape handler. */
export function createCompressor(settings: CompressionSettings): Compressor {
  const decide = memoiseByHeader((header) =>
    negotiateContentEncoding(header, settings.encodings, ALIASES),
  );
  return {
    negotiate: (header) => orAnother(decide(header), header, settings.encodings),

    compress(body, encoding) {
      const isSmall = isWhole(body) && body.length < MIN_COMPRESS_BYTES;
      if (encoding === IDENTITY || isSmall) return { body, encoding: IDENTITY };
      return compressWith(encoding, body, settings);
    },
  };
}

/** Returns `encoding`, or what the header allows instead when this Node lacks it. */
function orAnother(
  encoding: ContentEncoding,
  header: string | undefined,
  offered: CompressionSettings["encodings"],
): MaybePromise<ContentEncoding> {
  return andThen(isAvailable(encoding), (isThere) => {
    if (isThere) return encoding;
    const others = offered.filter((other) => other !== encoding);
    return orAnother(negotiateContentEncoding(header, others, ALIASES), header, others);
  });
}

function isAvailable(encoding: ContentEncoding): MaybePromise<boolean> {
  return encoding === IDENTITY || (CODECS[encoding].isAvailable?.() ?? true);
}

async function compressWith(
  encoding: CodecName,
  body: Body,
  settings: CompressionSettings,
): Promise<CompressedBody> {
  const { load, levelOf } = CODECS[encoding];
  const createStream = await load();
  const { compress } = await import("./compress.ts");
  const chunks = isWhole(body) ? once(body) : chunksOf(body);
  const compressed = compress(chunks, createStream, levelOf(settings));
  return {
    body: isWhole(body) ? await concat(compressed) : streamOfGenerator(compressed),
    encoding,
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

async function concat(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return Buffer.concat(collected);
}
