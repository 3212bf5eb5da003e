/**
 * The exposition formats: one row each, and the negotiation that reads them.
 *
 * A row says how a request names the format, what the response calls it, and what loads its encoder.
 * `negotiateFormat()` compares the media ranges of `Accept` with the rows; `encoders.ts` loads encoders.
 */
import type { MaybePromise } from "../maybe-promise.ts";
import type { EscapingScheme } from "../model/names.ts";
import { FORMATS, type Format } from "../options/options.ts";
import type { Encoder } from "./encoder.ts";
import type { BlockStore } from "./kept/store.ts";
import { type MediaRange, parseAccept } from "./negotiation/accept.ts";
import { createTextEncoder } from "./text/text.ts";

/** What a scraper gets: one decision, so that the body always matches its `Content-Type`. */
export interface NegotiatedFormat {
  readonly format: Format;
  readonly escaping: EscapingScheme;
  /** The exact `Content-Type` of the response. */
  readonly contentType: string;
}

/** Makes the encoder of one escaping scheme, which keeps bytes between scrapes in `store`. */
export type CreateEncoder = (scheme: EscapingScheme, store: BlockStore) => Encoder;

/** A format: how it is asked for, what the response calls it, and what encodes it. */
interface FormatRow {
  readonly mediaType: string;
  /** A media range with a wildcard that gets this format, whatever its parameters. */
  readonly wildcard?: string;
  /** The values that a parameter may have; `undefined` where it may be absent. */
  readonly parameters: Readonly<Record<string, readonly (string | undefined)[]>>;
  readonly contentType: string;
  /**
   * Whether the response names the escaping scheme: `"requested"` only when the request did. A text
   * format of version 1.0.0 and above must always (Prometheus docs, Content Negotiation).
   */
  readonly namesEscaping: "always" | "requested" | "never";
  /** Loads the code of the encoder. Formats with the same body share one function. */
  readonly load: () => MaybePromise<CreateEncoder>;
}

const loadText = (): CreateEncoder => createTextEncoder;

async function loadOpenMetrics(): Promise<CreateEncoder> {
  const { createOpenMetricsEncoder } = await import("./text/openmetrics.ts");
  return createOpenMetricsEncoder;
}

async function loadProtobuf(): Promise<CreateEncoder> {
  const { createProtobufEncoder } = await import("./protobuf/protobuf.ts");
  return createProtobufEncoder;
}

/** All formats. A new one is a row here, its name in `FORMATS`, and the file of its encoder. */
export const FORMAT_ROWS: Readonly<Record<Format, FormatRow>> = {
  "text-0.0.4": {
    mediaType: "text/plain",
    wildcard: "text/*",
    parameters: { version: ["0.0.4", undefined] },
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    namesEscaping: "requested",
    load: loadText,
  },
  "text-1.0.0": {
    mediaType: "text/plain",
    parameters: { version: ["1.0.0"] },
    contentType: "text/plain; version=1.0.0; charset=utf-8",
    namesEscaping: "always",
    load: loadText,
  },
  "openmetrics-1.0.0": {
    mediaType: "application/openmetrics-text",
    parameters: { version: ["1.0.0", undefined] },
    contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    namesEscaping: "always",
    load: loadOpenMetrics,
  },
  "openmetrics-0.0.1": {
    mediaType: "application/openmetrics-text",
    parameters: { version: ["0.0.1"] },
    contentType: "application/openmetrics-text; version=0.0.1; charset=utf-8",
    // The format is not defined with it.
    namesEscaping: "never",
    load: loadOpenMetrics,
  },
  protobuf: {
    mediaType: "application/vnd.google.protobuf",
    parameters: { proto: ["io.prometheus.client.MetricFamily"], encoding: ["delimited"] },
    contentType:
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    namesEscaping: "requested",
    load: loadProtobuf,
  },
};

/** The format that every scraper reads. */
const FALLBACK: Format = "text-0.0.4";

/** The scheme for a scraper that names none: every scraper reads such names. */
const DEFAULT_ESCAPING: EscapingScheme = "underscores";

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
 * scrape. If text 0.0.4 is not offered, both get the first format of `offered` instead.
 *
 * The escaping scheme is the winning range's, else the first that any range names (it shows what
 * the scraper can read, and names then stay the same in every format), else `underscores`.
 *
 * @param accept The `Accept` value, or `undefined` when absent.
 * @param offered The formats to choose from. Any list except {@link FORMATS} itself is also an order
 *   of preference: instead of the header's order it decides among ranges that are equal in weight and
 *   specificity.
 * @returns A decision that depends only on the arguments, so it may be cached.
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
    escaping: requested ?? DEFAULT_ESCAPING,
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

/** The format that a media range names, or `undefined` for one that is not supported. */
function formatOf(range: MediaRange, fallback: Format): Format | undefined {
  const name = `${range.type}/${range.subtype}`;
  if (name === "*/*") return fallback;
  return FORMATS.find((format) => isNamedBy(FORMAT_ROWS[format], name, range.params));
}

function isNamedBy(
  { mediaType, wildcard, parameters }: FormatRow,
  name: string,
  params: ReadonlyMap<string, string>,
): boolean {
  if (name === wildcard) return true;
  if (name !== mediaType) return false;
  return Object.entries(parameters).every(([param, values]) => values.includes(params.get(param)));
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

/** Names the escaping scheme in older formats only to scrapers that asked for one: others never saw it. */
function contentTypeOf(format: Format, requested: EscapingScheme | undefined): string {
  const { contentType, namesEscaping } = FORMAT_ROWS[format];
  if (namesEscaping === "never") return contentType;
  const escaping = requested ?? (namesEscaping === "always" ? DEFAULT_ESCAPING : undefined);
  return escaping === undefined ? contentType : `${contentType}; escaping=${escaping}`;
}
