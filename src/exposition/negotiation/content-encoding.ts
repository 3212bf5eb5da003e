import { parseClauses } from "./parse-clauses.ts";

/** How the bytes of a response are packed (RFC 9110 §8.4.1). */
export type ContentEncoding = "gzip" | "zstd" | "identity";

/**
 * Picks the content encoding for a scrape response.
 *
 * The highest weight wins, ties go to the order of `offered`, and `identity` comes last unless it
 * is listed there. Falls back to `identity` even where the header forbids it: a 406 would cost the
 * scraper the scrape, and everyone reads plain bytes.
 *
 * @param header The `Accept-Encoding` value, or `undefined` when absent.
 * @param offered The encodings this process supports, preferred first.
 */
export function negotiateContentEncoding(
  header: string | undefined,
  offered: readonly ContentEncoding[],
): ContentEncoding {
  const weights = new Map<string, number>();
  for (const { value, q } of parseClauses(header)) {
    // RFC 9110 §8.4.1.3: a recipient treats `x-gzip` as `gzip`.
    const coding = value === "x-gzip" ? "gzip" : value;
    weights.set(coding, Math.max(q, weights.get(coding) ?? 0));
  }
  // RFC 9110 §12.5.3: `*` stands for every coding that is not listed, `identity` among them. A
  // header that lists neither leaves `identity` acceptable, but wants the codings that it lists.
  const weightOfOthers = weights.get("*") ?? 0;
  let best: ContentEncoding = "identity";
  let bestWeight = 0;
  for (const encoding of [...offered, "identity"] as const) {
    const weight = weights.get(encoding) ?? weightOfOthers;
    if (weight <= bestWeight) continue;
    best = encoding;
    bestWeight = weight;
  }
  return best;
}
