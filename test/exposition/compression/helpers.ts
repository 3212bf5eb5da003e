import assert from "node:assert/strict";
import type { Transform } from "node:stream";
import type { TestContext } from "node:test";
import zlib from "node:zlib";
import type { CreateStream } from "../../../src/exposition/compression/compress.ts";
import { createGzip } from "../../../src/exposition/compression/gzip.ts";
import { createZstd, isZstdAvailable } from "../../../src/exposition/compression/zstd.ts";

/** The two encodings, and why one is skipped on this Node. */
export const ENCODINGS: readonly {
  readonly encoding: "gzip" | "zstd";
  readonly skip: string | false;
}[] = [
  { encoding: "gzip", skip: false },
  { encoding: "zstd", skip: isZstdAvailable() ? false : `Node.js ${process.version} lacks zstd` },
];

/** What makes the stream of each encoding. */
export const STREAMS: Readonly<Record<"gzip" | "zstd", CreateStream>> = {
  gzip: createGzip,
  zstd: createZstd,
};

/** Undoes an encoding; throws when the bytes lack their end, but see `assertCutOff`. */
export function decompress(bytes: Uint8Array, encoding: "gzip" | "zstd"): Buffer {
  if (encoding === "gzip") return zlib.gunzipSync(bytes);
  // Cast: the types are those of Node 20, which lacks it.
  return (zlib as unknown as { zstdDecompressSync(bytes: Uint8Array): Buffer }).zstdDecompressSync(
    bytes,
  );
}

/** Asserts that no decoder takes what was written before a failure for the whole. */
export function assertCutOff(bytes: Uint8Array, encoding: "gzip" | "zstd"): void {
  if (isStrict(encoding)) assert.throws(() => decompress(bytes, encoding));
}

/** The zstd of Node 22 gives what there is of a frame, whether or not it has an end. */
function isStrict(encoding: "gzip" | "zstd"): boolean {
  if (encoding === "gzip") return true;
  const { zstdCompressSync } = zlib as unknown as { zstdCompressSync(bytes: Uint8Array): Buffer };
  const whole = zstdCompressSync(noise(100_000));
  try {
    decompress(whole.subarray(0, -1), encoding);
    return false;
  } catch {
    return true;
  }
}

/** Keeps the streams that the code under test makes. */
export function captureStreams(t: TestContext): readonly Transform[] {
  const streams: Transform[] = [];
  for (const name of ["createGzip", "createZstdCompress"] as const) {
    // Cast: see `decompress`.
    const module = zlib as unknown as Record<string, (options: unknown) => Transform>;
    const create = module[name];
    if (create === undefined) continue;
    t.mock.method(module, name, (options: unknown) => {
      const stream = create(options);
      streams.push(stream);
      return stream;
    });
  }
  return streams;
}

/** Bytes that no encoding makes smaller; the same ones for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** An exposition of about so many bytes. */
export function exposition(length: number): Uint8Array {
  const lines = ["# TYPE http_requests_total counter\n"];
  for (let i = 0, size = 0; size < length; i++) {
    const line = `http_requests_total{path="/items/${i}",code="200"} ${(i * 7919) % 99991}\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join("")).subarray(0, length);
}

/** Cuts bytes into chunks, the last one shorter. */
export function* cut(bytes: Uint8Array, length = 65536): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** A source that counts what is asked of it. */
export class CountingSource implements AsyncIterable<Uint8Array> {
  asked = 0;
  /** How often the iteration ended, in whatever way. */
  ended = 0;
  readonly #chunks: Iterable<Uint8Array | Error>;

  /** @param chunks What to yield; an error is thrown. */
  constructor(chunks: Iterable<Uint8Array | Error>) {
    this.#chunks = chunks;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (const chunk of this.#chunks) {
        this.asked++;
        if (chunk instanceof Error) throw chunk;
        yield chunk;
      }
    } finally {
      this.ended++;
    }
  }
}
