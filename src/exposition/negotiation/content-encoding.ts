/**
 * The grammar of `Accept-Encoding`: which of the encodings on offer a scraper gets.
 *
 * `parse-clauses.ts` splits the header, aliases are resolved, and the highest weight wins. Encodings
 * and their aliases are passed in; only `identity`, which means no encoding, is named here. It is the
 * answer to every header that is absent, absurd or too long. Nothing is cached, and nothing throws.
 */
import { parseClauses } from "./parse-clauses.ts";

/** The content encoding of plain bytes (RFC 9110 §12.5.3). */
export const IDENTITY = "identity";

export type Identity = typeof IDENTITY;

/**
 * Picks the content encoding for a scrape response.
 *
 * The highest weight wins, ties go to the order of `offered`, and `identity` comes last unless it
 * is listed there. Falls back to `identity` even where the header forbids it: a 406 would cost the
 * scraper the scrape, and every scraper reads plain bytes.
 *
 * @param header The `Accept-Encoding` value, or `undefined` when absent.
 * @param offered The encodings on offer, preferred first.
 * @param aliases Other names of encodings, in lower case.
 */
export function negotiateContentEncoding<Encoding extends string>(
  header: string | undefined,
  offered: readonly Encoding[],
  aliases: ReadonlyMap<string, string>,
): Encoding | Identity {
  const weights = new Map<string, number>();
  for (const { value, q } of parseClauses(header)) {
    const coding = aliases.get(value) ?? value;
    weights.set(coding, Math.max(q, weights.get(coding) ?? 0));
  }
  // RFC 9110 §12.5.3: `*` stands for every coding that is not listed, `identity` among them. A
  // header that lists neither leaves `identity` acceptable, but prefers the codings that it lists.
  const weightOfOthers = weights.get("*") ?? 0;
  let best: Encoding | Identity = IDENTITY;
  let bestWeight = 0;
  for (const encoding of [...offered, IDENTITY] as const) {
    const weight = weights.get(encoding) ?? weightOfOthers;
    if (weight <= bestWeight) continue;
    best = encoding;
    bestWeight = weight;
  }
  return best;
}
