/**
 * Caches what is decided by a header.
 *
 * A scraper sends the same headers with every scrape, so each decision is made once. The cache is
 * bounded in entries, and in the length of its keys. It holds decisions, never requests, and does not
 * depend on what is decided: `expose.ts` caches formats with it, `compressor.ts` content encodings.
 */
import { MAX_HEADER_BYTES } from "./parse-clauses.ts";

/**
 * Caches the decisions for the last few headers.
 *
 * Evicts the oldest when full, so clients that never repeat a header cost no memory. Headers longer
 * than {@link MAX_HEADER_BYTES} are never cached. Errors of `decide` propagate and are not cached.
 *
 * @param decide A pure function of the header; its result is shared by all callers.
 * @param limit How many decisions are kept, at least 1.
 * @returns A function with the same results as `decide`.
 */
export function memoiseByHeader<T>(
  decide: (header: string | undefined) => T,
  limit = 32,
): (header: string | undefined) => T {
  const kept = new Map<string | undefined, { readonly decision: T }>();
  return (header) => {
    const hit = kept.get(header);
    if (hit !== undefined) return hit.decision;
    const decision = decide(header);
    if (header !== undefined && header.length > MAX_HEADER_BYTES) return decision;
    if (kept.size >= limit) {
      // A map iterates in the order of insertion.
      const [oldest] = kept.keys();
      kept.delete(oldest);
    }
    kept.set(header, { decision });
    return decision;
  };
}
