import assert from "node:assert/strict";
import { test } from "node:test";
import { compress } from "../../../src/exposition/compression/compress.ts";
import { DEFAULT_GZIP_LEVEL } from "../../../src/exposition/compression/gzip.ts";
import {
  createZstd,
  DEFAULT_ZSTD_LEVEL,
  isZstdAvailable,
} from "../../../src/exposition/compression/zstd.ts";
import { CountingSource, cut, ENCODINGS, exposition, STREAMS } from "./helpers.ts";

async function sizeAt(encoding: "gzip" | "zstd", level: number | undefined): Promise<number> {
  let size = 0;
  const source = new CountingSource(cut(exposition(300_000)));
  for await (const part of compress(source, STREAMS[encoding], level)) size += part.length;
  return size;
}

for (const { encoding, skip } of ENCODINGS) {
  test(`compress() with ${encoding} obeys the level`, { skip }, async () => {
    const fast = await sizeAt(encoding, 1);
    assert.ok((await sizeAt(encoding, 9)) < fast);
  });

  test(`compress() with ${encoding} has a default level`, { skip }, async () => {
    const level = encoding === "gzip" ? DEFAULT_GZIP_LEVEL : DEFAULT_ZSTD_LEVEL;
    assert.equal(await sizeAt(encoding, undefined), await sizeAt(encoding, level));
  });
}

test("isZstdAvailable() tells whether the runtime has zstd", () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isExpected = major > 23 || (major === 23 && minor >= 8) || (major === 22 && minor >= 15);
  assert.equal(isZstdAvailable(), isExpected);
});

test("createZstd() throws where the runtime lacks zstd", (t) => {
  t.mock.method(process, "getBuiltinModule", () => ({}));
  assert.equal(isZstdAvailable(), false);
  assert.throws(
    () => createZstd(undefined, 65_536),
    /^Error: Cannot compress with zstd: this version of Node\.js lacks it$/,
  );
});

test("createZstd() hands on the level, and its default where none is given", (t) => {
  const createZstdCompress = t.mock.fn((options: unknown) => options);
  t.mock.method(process, "getBuiltinModule", () => ({ createZstdCompress }));
  createZstd(7, 65_536);
  createZstd(undefined, 1_024);
  // 100 is `ZSTD_c_compressionLevel`.
  assert.deepEqual(
    createZstdCompress.mock.calls.map((call) => call.arguments),
    [
      [{ chunkSize: 65_536, params: { 100: 7 } }],
      [{ chunkSize: 1_024, params: { 100: DEFAULT_ZSTD_LEVEL } }],
    ],
  );
});
