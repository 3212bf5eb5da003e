import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import zlib from "node:zlib";
import { type BodyStream, chunksOf, streamOfGenerator } from "../../../src/exposition/body.ts";
import { createCompressor } from "../../../src/exposition/compression/compressor.ts";
import { captureStreams, cut, decompress, ENCODINGS, exposition } from "./helpers.ts";

const BOTH = { encodings: ["gzip", "zstd"] } as const;
const ZSTD_FIRST = { encodings: ["zstd", "gzip"] } as const;

/** Makes this Node one that has zstd, or lacks it. */
function pretendZstd(t: TestContext, isThere: boolean): void {
  const name = "createZstdCompress";
  const original = Object.getOwnPropertyDescriptor(zlib, name);
  const value = isThere ? () => zlib.createGzip() : undefined;
  Object.defineProperty(zlib, name, { value, configurable: true });
  t.after(() => {
    if (original === undefined) Reflect.deleteProperty(zlib, name);
    else Object.defineProperty(zlib, name, original);
  });
}

const NEGOTIATIONS: readonly {
  readonly header: string | undefined;
  readonly settings?: { readonly encodings: readonly ("gzip" | "zstd")[] };
  /** On a Node that has zstd. */
  readonly expected: string;
  /** On a Node that lacks it, where that is not the same. */
  readonly without?: string;
}[] = [
  { header: undefined, expected: "identity" },
  { header: "gzip", expected: "gzip" },
  { header: "zstd", expected: "zstd", without: "identity" },
  { header: "zstd, gzip", expected: "gzip" },
  { header: "zstd, gzip;q=0.5", expected: "zstd", without: "gzip" },
  { header: "zstd, identity;q=0.5", expected: "zstd", without: "identity" },
  { header: "zstd, gzip", settings: ZSTD_FIRST, expected: "zstd", without: "gzip" },
  { header: "*", settings: ZSTD_FIRST, expected: "zstd", without: "gzip" },
  {
    header: "zstd, gzip",
    settings: { encodings: ["zstd"] },
    expected: "zstd",
    without: "identity",
  },
  { header: "zstd, gzip", settings: { encodings: ["gzip"] }, expected: "gzip" },
  { header: "zstd, gzip", settings: { encodings: [] }, expected: "identity" },
];

for (const { header, settings = BOTH, expected, without = expected } of NEGOTIATIONS) {
  const offer = settings.encodings.join(" and ") || "nothing";
  test(`negotiate() picks ${expected} for "${header}" of ${offer}`, async (t) => {
    pretendZstd(t, true);
    const { negotiate } = createCompressor(settings);
    assert.equal(await negotiate(header), expected);
    assert.equal(await negotiate(header), expected);
  });

  test(`negotiate() picks ${without} for "${header}" of ${offer} on an old Node`, async (t) => {
    pretendZstd(t, false);
    const { negotiate } = createCompressor(settings);
    assert.equal(await negotiate(header), without);
    assert.equal(await negotiate(header), without);
  });
}

test("compress() returns a body for identity unchanged", async () => {
  const { compress } = createCompressor(BOTH);
  for (const body of [new Uint8Array(), exposition(100_000), streamOf(exposition(100_000))]) {
    assert.deepEqual(await compress(body, "identity"), { body, encoding: "identity" });
  }
});

for (const { encoding, skip } of ENCODINGS) {
  test(`compress() returns a body unchanged that is too small for ${encoding}`, {
    skip,
  }, async (t) => {
    const streams = captureStreams(t);
    const { compress } = createCompressor(BOTH);
    for (const body of [new Uint8Array(), exposition(1), exposition(1_023)]) {
      assert.deepEqual(await compress(body, encoding), { body, encoding: "identity" });
    }
    assert.equal(streams.length, 0);
  });

  test(`compress() packs a body of 1,024 bytes and more with ${encoding}`, { skip }, async () => {
    const { compress } = createCompressor(BOTH);
    for (const length of [1_024, 65_536, 1_000_000]) {
      const packed = await compress(exposition(length), encoding);
      assert.equal(packed.encoding, encoding);
      // A body in one piece stays in one piece: its length can be told.
      assert.ok(packed.body instanceof Uint8Array);
      assert.ok(packed.body.length < length);
      assert.deepEqual(decompress(packed.body, encoding), exposition(length));
    }
  });

  test(`compress() packs a stream with ${encoding}, however short`, { skip }, async () => {
    const { compress } = createCompressor(BOTH);
    for (const length of [0, 1, 500_000]) {
      const packed = await compress(streamOf(exposition(length)), encoding);
      assert.equal(packed.encoding, encoding);
      assert.ok(!(packed.body instanceof Uint8Array));
      const chunks: Uint8Array[] = [];
      for await (const chunk of chunksOf(packed.body)) chunks.push(chunk);
      assert.deepEqual(decompress(Buffer.concat(chunks), encoding), exposition(length));
    }
  });
}

test("compress() packs as hard as the settings say", async () => {
  const body = exposition(200_000);
  const length = async (gzipLevel: number | undefined): Promise<number> => {
    const { compress } = createCompressor({ ...BOTH, gzipLevel, zstdLevel: 19 });
    const packed = await compress(body, "gzip");
    assert.ok(packed.body instanceof Uint8Array);
    return packed.body.length;
  };
  assert.equal(await length(undefined), await length(2));
  assert.ok((await length(9)) < (await length(1)));
});

test("compress() rejects when the encoding cannot be made", async (t) => {
  pretendZstd(t, false);
  const { compress } = createCompressor(BOTH);
  await assert.rejects(async () => compress(exposition(2_000), "zstd"), /lacks it/);
});

function streamOf(bytes: Uint8Array): BodyStream {
  return streamOfGenerator(pieces(bytes));
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield* cut(bytes);
}
