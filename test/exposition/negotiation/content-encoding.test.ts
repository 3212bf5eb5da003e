import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ALIASES, type ContentEncoding } from "../../../src/exposition/compression/compressor.ts";
import { negotiateContentEncoding } from "../../../src/exposition/negotiation/content-encoding.ts";
import { codePoints } from "../../helpers/code-points.ts";

const BOTH: readonly ContentEncoding[] = ["gzip", "zstd"];
const ZSTD_FIRST: readonly ContentEncoding[] = ["zstd", "gzip"];

const CASES: readonly {
  readonly name: string;
  readonly header: string | undefined;
  readonly offered?: readonly ContentEncoding[];
  readonly expected: ContentEncoding;
}[] = [
  { name: "returns identity for an absent header", header: undefined, expected: "identity" },
  { name: "returns identity for an empty header", header: "", expected: "identity" },
  { name: "returns identity for separators only", header: " ,;, ", expected: "identity" },
  { name: "returns gzip to Prometheus and VictoriaMetrics", header: "gzip", expected: "gzip" },
  {
    name: "returns identity to Prometheus with compression disabled",
    header: "identity",
    expected: "identity",
  },
  { name: "returns gzip to Datadog", header: "gzip, deflate", expected: "gzip" },
  { name: "returns gzip to browsers", header: "gzip, deflate, br, zstd", expected: "gzip" },
  { name: "returns zstd when only that fits", header: "br, zstd", expected: "zstd" },
  { name: "compares without regard to case", header: "GZip;Q=1", expected: "gzip" },
  { name: "takes x-gzip as gzip", header: "x-gzip", expected: "gzip" },
  { name: "reads x-gzip beside gzip;q=0", header: "gzip;q=0, x-gzip", expected: "gzip" },
  { name: "reads gzip beside x-gzip;q=0", header: "gzip, x-gzip;q=0", expected: "gzip" },
  { name: "returns identity for x-gzip;q=0", header: "x-gzip;q=0, *;q=0", expected: "identity" },
  {
    name: "returns identity for unknown codings",
    header: "br, deflate, lz4",
    expected: "identity",
  },
  { name: "returns identity for nonsense", header: '"gzip', expected: "identity" },
  { name: "does not match a part of a token", header: "gzipped, agzip", expected: "identity" },
  { name: "returns the first offered for *", header: "*", expected: "gzip" },
  {
    name: "returns the first of an own offer for *",
    header: "*",
    offered: ZSTD_FIRST,
    expected: "zstd",
  },
  { name: "takes a low weight of *", header: "*;q=0.001", expected: "gzip" },
  { name: "returns identity for *;q=0", header: "*;q=0", expected: "identity" },
  { name: "does not extend * to a forbidden coding", header: "gzip;q=0, *", expected: "zstd" },
  {
    name: "returns identity when * has no other choice",
    header: "gzip;q=0, *",
    offered: ["gzip"],
    expected: "identity",
  },
  { name: "returns identity for gzip;q=0", header: "gzip;q=0", expected: "identity" },
  { name: "returns identity for only identity;q=0", header: "identity;q=0", expected: "identity" },
  {
    name: "returns identity when all is forbidden",
    header: "identity;q=0, *;q=0",
    expected: "identity",
  },
  {
    name: "returns gzip beside identity;q=0",
    header: "identity;q=0, gzip;q=0.1",
    expected: "gzip",
  },
  { name: "prefers the higher weight", header: "gzip;q=0.5, zstd;q=0.6", expected: "zstd" },
  {
    name: "prefers the higher weight to the own offer",
    header: "gzip;q=0.6, zstd;q=0.5",
    offered: ZSTD_FIRST,
    expected: "gzip",
  },
  { name: "breaks ties by the offer, not the header", header: "zstd, gzip", expected: "gzip" },
  {
    name: "breaks ties by an own offer",
    header: "gzip, zstd",
    offered: ZSTD_FIRST,
    expected: "zstd",
  },
  {
    name: "prefers gzip of any weight to unlisted identity",
    header: "gzip;q=0.001",
    expected: "gzip",
  },
  {
    name: "prefers identity of a higher weight",
    header: "gzip;q=0.5, identity",
    expected: "identity",
  },
  { name: "prefers gzip at the weight of identity", header: "identity, gzip", expected: "gzip" },
  {
    name: "prefers an identity that is offered first",
    header: "gzip, identity",
    offered: ["identity", "gzip"],
    expected: "identity",
  },
  {
    name: "counts identity among those that * covers",
    header: "gzip;q=0.5, *;q=0.8",
    offered: ["gzip"],
    expected: "identity",
  },
  {
    name: "takes an invalid weight as the lowest",
    header: "gzip;q=9, identity;q=0.1",
    expected: "identity",
  },
  { name: "takes an invalid weight as acceptable", header: "gzip;q=9", expected: "gzip" },
  {
    name: "never returns what is not offered",
    header: "zstd",
    offered: ["gzip"],
    expected: "identity",
  },
  { name: "returns identity for an empty offer", header: "*", offered: [], expected: "identity" },
  { name: "reads several lines joined", header: "br;q=1.0, gzip;q=0.8, *;q=0.1", expected: "gzip" },
  { name: "ignores a header over 8 KiB", header: `gzip,${"a".repeat(8192)}`, expected: "identity" },
  {
    name: "ignores a header over 64 clauses",
    header: `gzip${",a".repeat(64)}`,
    expected: "identity",
  },
];

for (const { name, header, offered = BOTH, expected } of CASES) {
  test(`negotiateContentEncoding() ${name}`, () => {
    assert.equal(negotiateContentEncoding(header, offered, ALIASES), expected);
  });
}

test("negotiateContentEncoding() returns identity or an offer for any header", () => {
  const parts = fc.constantFrom(
    "gzip",
    "zstd",
    "*",
    "identity",
    ";q=",
    "0",
    "1",
    ".",
    ",",
    '"',
    " ",
  );
  const headers = fc.oneof(
    fc.string({ unit: codePoints }),
    fc.array(parts).map((list) => list.join("")),
  );
  const offers = fc.uniqueArray(fc.constantFrom<ContentEncoding>("gzip", "zstd", "identity"));
  fc.assert(
    fc.property(headers, offers, (header, offered) => {
      const encoding = negotiateContentEncoding(header, offered, ALIASES);
      assert.ok(encoding === "identity" || offered.includes(encoding));
    }),
  );
});
