/**
 * Compresses the body of a response as its request allows.
 *
 * A content encoding is a row here, one in `compress-body.ts`, and the file of its stream. First
 * `negotiate()` picks one for the `Accept-Encoding` header, then `compress()` runs the body through its
 * stream. A body that is whole stays whole, so that its length can be sent; a stream stays a stream. A
 * small body is sent as it is.
 *
 * What makes the bytes, `node:zlib` too, loads when it is first used. Compression runs
 * on the thread pool, which reads a chunk until its write is done: only then is the next chunk asked
 * for, so the producer may reuse one buffer. Nothing here decodes, and nothing keeps a body.
 */
import { andThen, type MaybePromise } from "../../maybe-promise.ts";
import type { CompressionSettings } from "../../options/options.ts";
import { type Body, isWhole } from "../body.ts";
import {
  IDENTITY,
  type Identity,
  negotiateContentEncoding,
} from "../negotiation/content-encoding.ts";
import { memoiseByHeader } from "../negotiation/memo.ts";
import type { CodecName } from "./compress-body.ts";

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

async function isZstdThere(): Promise<boolean> {
  const { isZstdAvailable } = await import("./zstd.ts");
  return isZstdAvailable();
}

/**
 * The codec for each other name that a request may use. RFC 9110 §8.4.1.3: a recipient treats `x-gzip` as `gzip`.
 */
export const ALIASES: ReadonlyMap<string, string> = new Map([["x-gzip", "gzip"]]);

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
      return compressLater(encoding, body, settings);
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
  // Every Node has gzip.
  return encoding !== "zstd" || isZstdThere();
}

async function compressLater(
  encoding: CodecName,
  body: Body,
  settings: CompressionSettings,
): Promise<CompressedBody> {
  const { compressBody } = await import("./compress-body.ts");
  return { body: await compressBody(body, encoding, settings), encoding };
}
