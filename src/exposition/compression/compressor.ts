import type { MaybePromise } from "../../maybe-promise.ts";
import type { CompressionSettings } from "../../options/options.ts";
import { type Body, chunksOf, streamOfGenerator } from "../body.ts";
import { type ContentEncoding, negotiateContentEncoding } from "../negotiation/content-encoding.ts";
import { memoiseByHeader } from "../negotiation/memo.ts";

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

/**
 * The smallest body that is worth compressing, in bytes.
 *
 * A smaller one and its head fit one TCP segment of 1,460 bytes, so compressing it saves no packet,
 * but costs the 0.07 ms of CPU time that even the shortest gzip stream takes.
 */
const MIN_COMPRESS_BYTES = 1_024;

/** Makes the compressor of a scrape handler; the code of an encoding is loaded when it is used. */
export function createCompressor(settings: CompressionSettings): Compressor {
  const decide = memoiseByHeader((header) => negotiateContentEncoding(header, settings.encodings));
  const levels = { gzip: settings.gzipLevel, zstd: settings.zstdLevel };

  const negotiateZstd = async (header: string | undefined): Promise<ContentEncoding> => {
    const { isZstdAvailable } = await import("./zstd.ts");
    if (isZstdAvailable()) return "zstd";
    const others = settings.encodings.filter((other) => other !== "zstd");
    return negotiateContentEncoding(header, others);
  };

  const compressWith = async (body: Body, encoding: "gzip" | "zstd"): Promise<CompressedBody> => {
    const { compress } = await import("./compress.ts");
    const isWhole = body instanceof Uint8Array;
    const compressed = compress(isWhole ? once(body) : chunksOf(body), encoding, levels[encoding]);
    return { body: isWhole ? await concat(compressed) : streamOfGenerator(compressed), encoding };
  };

  return {
    negotiate(header) {
      const encoding = decide(header);
      return encoding === "zstd" ? negotiateZstd(header) : encoding;
    },

    compress(body, encoding) {
      const isSmall = body instanceof Uint8Array && body.length < MIN_COMPRESS_BYTES;
      if (encoding === "identity" || isSmall) return { body, encoding: "identity" };
      return compressWith(body, encoding);
    },
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
