/**
 * The grammar of `Accept`: which media ranges a scraper accepts, and in which order.
 *
 * This wing turns the headers of a request into decisions. `parse-clauses.ts` splits a header of
 * weighted alternatives. This file reads media ranges from it, `content-encoding.ts` picks an
 * encoding. `memo.ts` caches decisions by the raw header, because a scraper always sends the same
 * one. All of it is pure, bounded and linear in time, and never throws for a header. It names no
 * format or codec: `formats.ts` and `compressor.ts` pass in what they offer.
 */
import { parseClauses } from "./parse-clauses.ts";

/** One acceptable media range of an `Accept` header. */
export interface MediaRange {
  /** Such as `text`, or `*`; in lower case. */
  readonly type: string;
  /** Such as `plain`, or `*`; in lower case. */
  readonly subtype: string;
  /** The parameters without the weight: name in lower case, value unquoted. */
  readonly params: ReadonlyMap<string, string>;
  /** The weight, above 0 and up to 1. */
  readonly q: number;
  /** 3 for `type/subtype;param`, 2 for `type/subtype`, 1 for `type/*`, 0 for a full wildcard. */
  readonly specificity: number;
}

/**
 * Reads an `Accept` header (RFC 9110 §12.5.1) into its media ranges, the preferred first.
 *
 * Sorted by weight, then by specificity, then in header order. Skips ranges of weight 0 and whatever is
 * not a media range. Never throws: an absent, empty or absurd header has no ranges.
 */
export function parseAccept(header: string | undefined): readonly MediaRange[] {
  const ranges: MediaRange[] = [];
  for (const { value, params, q } of parseClauses(header)) {
    const slash = value.indexOf("/");
    const type = value.slice(0, slash);
    const subtype = value.slice(slash + 1);
    // An example of the Prometheus docs has `/` for the full wildcard; it lacks a type, so it is skipped.
    if (q === 0 || slash < 1) continue;
    ranges.push({ type, subtype, params, q, specificity: specificityOf(type, subtype, params) });
  }
  // A stable sort: equals stay in header order.
  return ranges.sort((a, b) => b.q - a.q || b.specificity - a.specificity);
}

function specificityOf(type: string, subtype: string, params: ReadonlyMap<string, string>): number {
  if (type === "*") return 0;
  if (subtype === "*") return 1;
  return params.size === 0 ? 2 : 3;
}
