import type { EscapingScheme } from "../model/names.ts";
import { FORMATS, type Format } from "../options/options.ts";
import { type MediaRange, parseAccept } from "./negotiation/accept.ts";

/** What a scraper gets: one decision, so that body and `Content-Type` always agree. */
export interface NegotiatedFormat {
  readonly format: Format;
  readonly escaping: EscapingScheme;
  /** The exact `Content-Type` of the response. */
  readonly contentType: string;
}

/** The format that every scraper reads. */
const FALLBACK: Format = "text-0.0.4";

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  "text-0.0.4": "text/plain; version=0.0.4; charset=utf-8",
  "text-1.0.0": "text/plain; version=1.0.0; charset=utf-8",
  "openmetrics-1.0.0": "application/openmetrics-text; version=1.0.0; charset=utf-8",
  "openmetrics-0.0.1": "application/openmetrics-text; version=0.0.1; charset=utf-8",
  protobuf:
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};

const ESCAPING_SCHEMES: readonly EscapingScheme[] = [
  "allow-utf-8",
  "underscores",
  "dots",
  "values",
];

/**
 * Picks the exposition format and the escaping scheme for a scrape.
 *
 * The media range with the highest weight that names an offered format wins; among equals the more
 * specific one, then the first in the header (Prometheus docs, Content Negotiation). Full wildcards
 * get text 0.0.4, and so does a scraper that accepts nothing on offer: a 406 would cost it the
 * scrape. Where text 0.0.4 is not offered, its place takes the first format of `offered`.
 *
 * The escaping scheme is the winning range's, else the first that any range names (it shows what
 * the scraper can read, and names then stay the same in every format), else `underscores`.
 *
 * @param accept The `Accept` value, or `undefined` when absent.
 * @param offered The formats to choose from. Any list but {@link FORMATS} itself is an order of
 *   preference too: in place of the header's order it decides among ranges that are equal in weight
 *   and specificity.
 * @returns A decision that depends on nothing but the arguments, and may be kept.
 */
export function negotiateFormat(
  accept: string | undefined,
  offered: readonly Format[] = FORMATS,
): NegotiatedFormat {
  const ranges = parseAccept(accept);
  const fallback = offered.includes(FALLBACK) ? FALLBACK : (offered[0] ?? FALLBACK);
  const winner = pickWinner(ranges, offered, fallback);
  const format = winner?.format ?? fallback;
  const requested = requestedEscaping(winner?.range) ?? firstEscaping(ranges);
  return {
    format,
    escaping: requested ?? "underscores",
    contentType: contentTypeOf(format, requested),
  };
}

interface Candidate {
  readonly range: MediaRange;
  readonly format: Format;
}

function pickWinner(
  ranges: readonly MediaRange[],
  offered: readonly Format[],
  fallback: Format,
): Candidate | undefined {
  let winner: Candidate | undefined;
  for (const range of ranges) {
    const format = formatOf(range, fallback);
    if (format === undefined || !offered.includes(format)) continue;
    if (winner === undefined) {
      winner = { range, format };
      if (offered === FORMATS) break;
      continue;
    }
    const isTie = range.q === winner.range.q && range.specificity === winner.range.specificity;
    if (!isTie) break;
    if (offered.indexOf(format) < offered.indexOf(winner.format)) winner = { range, format };
  }
  return winner;
}

/** The format that a media range names, or `undefined` when it names none that we speak. */
function formatOf(range: MediaRange, fallback: Format): Format | undefined {
  const version = range.params.get("version");
  switch (`${range.type}/${range.subtype}`) {
    case "*/*":
      return fallback;
    case "text/*":
      return "text-0.0.4";
    case "text/plain":
      if (version === undefined || version === "0.0.4") return "text-0.0.4";
      return version === "1.0.0" ? "text-1.0.0" : undefined;
    case "application/openmetrics-text":
      if (version === undefined || version === "1.0.0") return "openmetrics-1.0.0";
      return version === "0.0.1" ? "openmetrics-0.0.1" : undefined;
    case "application/vnd.google.protobuf":
      return isDelimitedMetricFamily(range.params) ? "protobuf" : undefined;
    default:
      return undefined;
  }
}

function isDelimitedMetricFamily(params: ReadonlyMap<string, string>): boolean {
  return (
    params.get("proto") === "io.prometheus.client.MetricFamily" &&
    params.get("encoding") === "delimited"
  );
}

function firstEscaping(ranges: readonly MediaRange[]): EscapingScheme | undefined {
  for (const range of ranges) {
    const scheme = requestedEscaping(range);
    if (scheme !== undefined) return scheme;
  }
  return undefined;
}

function requestedEscaping(range: MediaRange | undefined): EscapingScheme | undefined {
  const requested = range?.params.get("escaping");
  return ESCAPING_SCHEMES.find((scheme) => scheme === requested);
}

/**
 * Names the escaping scheme only to a scraper that asked for one: others get the type that client
 * libraries have always sent. Text 1.0.0 is not defined without it, OpenMetrics 0.0.1 not with it.
 */
function contentTypeOf(format: Format, requested: EscapingScheme | undefined): string {
  const type = CONTENT_TYPES[format];
  if (format === "openmetrics-0.0.1") return type;
  if (format === "text-1.0.0") return `${type}; escaping=${requested ?? "underscores"}`;
  return requested === undefined ? type : `${type}; escaping=${requested}`;
}
