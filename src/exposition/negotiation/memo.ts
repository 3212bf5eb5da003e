import { MAX_HEADER_BYTES } from "./parse-clauses.ts";

/**
 * Remembers the decisions for the last few headers: a scraper always sends the same one.
 *
 * When full it drops the oldest, so clients that send ever new headers cost no memory. Headers
 * longer than {@link MAX_HEADER_BYTES} are never kept. What `decide` throws is passed on and not
 * kept.
 *
 * @param decide A pure function of the header; its result is handed out again and again.
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
