import type { CONTENT_ENCODINGS, CompressionSettings } from "../../options/options.ts";
import { type Body, chunksOf, isWhole, streamOfGenerator } from "../body.ts";
import { type CreateStream, compress } from "./compress.ts";
import { createGzip } from "./gzip.ts";
import { createZstd } from "./zstd.ts";

/** The content encodings that change a body. */
export type CodecName = (typeof CONTENT_ENCODINGS)[number];

/** What makes the bytes of a content encoding. */
interface Codec {
  levelOf(settings: CompressionSettings): number | undefined;
  readonly createStream: CreateStream;
}

const CODECS: Readonly<Record<CodecName, Codec>> = {
  gzip: { levelOf: ({ gzipLevel }) => gzipLevel, createStream: createGzip },
  zstd: { levelOf: ({ zstdLevel }) => zstdLevel, createStream: createZstd },
};

/** Compresses a body: a whole one stays whole, a stream stays a stream. */
export async function compressBody(
  body: Body,
  encoding: CodecName,
  settings: CompressionSettings,
): Promise<Body> {
  const { createStream, levelOf } = CODECS[encoding];
  const chunks = isWhole(body) ? once(body) : chunksOf(body);
  const compressed = compress(chunks, createStream, levelOf(settings));
  return isWhole(body) ? concat(compressed) : streamOfGenerator(compressed);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

async function concat(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return Buffer.concat(collected);
}
