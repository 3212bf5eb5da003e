import { canonicalNumber, LENIENT_NUMBER, parseNumber } from "./number.ts";
import { type OpenMetricsOptions, parseOpenMetrics } from "./openmetrics/openmetrics.ts";
import { parseProtobuf } from "./protobuf/protobuf.ts";
import { protoToSamples } from "./protobuf/samples.ts";
import { parseText } from "./text/text.ts";
import type { ParsedFamily, ParsedSample } from "./types.ts";

const ESCAPING = "; escaping=(allow-utf-8|underscores|dots|values)";

/** The content types of a scrape, to the letter, and how to read what they announce. */
const FORMATS: readonly {
  readonly contentType: RegExp;
  readonly parse: (
    body: Uint8Array,
    options: ExpositionOptions & { utf8Names: boolean },
  ) => ParsedFamily[];
}[] = [
  {
    contentType: new RegExp(`^text/plain; version=0\\.0\\.4; charset=utf-8(?:${ESCAPING})?$`),
    parse: (body, { utf8Names }) => parseText(body, { utf8Names }),
  },
  {
    contentType: new RegExp(`^text/plain; version=1\\.0\\.0; charset=utf-8${ESCAPING}$`),
    parse: (body, { utf8Names }) => parseText(body, { utf8Names }),
  },
  {
    contentType: new RegExp(
      `^application/openmetrics-text; version=1\\.0\\.0; charset=utf-8(?:${ESCAPING})?$`,
    ),
    parse: (body, options) => parseOpenMetrics(body, { canonical: true, ...options }),
  },
  {
    contentType: /^application\/openmetrics-text; version=0\.0\.1; charset=utf-8$/,
    parse: (body, options) => parseOpenMetrics(body, { canonical: true, ...options }),
  },
  {
    contentType: new RegExp(
      "^application/vnd\\.google\\.protobuf; proto=io\\.prometheus\\.client\\.MetricFamily; " +
        `encoding=delimited(?:${ESCAPING})?$`,
    ),
    parse: (body, { utf8Names }) => protoToSamples(parseProtobuf(body, { utf8Names })),
  },
];

/** How to judge an exposition of any format. */
export type ExpositionOptions = Pick<OpenMetricsOptions, "strictSemantics" | "created">;

/**
 * Parses the body of a scrape as its content type says, or throws its first fault.
 *
 * UTF-8 names are accepted if the content type says `escaping=allow-utf-8`; OpenMetrics must be
 * canonical.
 *
 * @throws {RangeError} If the content type is not, letter by letter, one that a scrape may have.
 * @throws {ExpositionError} If the body is not of that format.
 */
export function parseExposition(
  contentType: string,
  body: Uint8Array,
  options: ExpositionOptions = {},
): ParsedFamily[] {
  for (const format of FORMATS) {
    const match = format.contentType.exec(contentType);
    if (match !== null) {
      const utf8Names = match[1] === "allow-utf-8";
      return format.parse(body, { ...options, utf8Names });
    }
  }
  throw new RangeError(`Not the content type of a scrape: ${JSON.stringify(contentType)}`);
}

/**
 * Spells every `le` of a histogram and every `quantile` of a summary as a canonical number.
 *
 * Prometheus 3 does so on ingestion. It makes expositions of different formats comparable, for the
 * text format may spell `le="1"` what the others spell `le="1.0"`.
 */
export function normalizeBounds(families: readonly ParsedFamily[]): ParsedFamily[] {
  return families.map((family) => ({
    ...family,
    samples: family.samples.map((sample) => normalizeBound(family.type, sample)),
  }));
}

function normalizeBound(type: string, sample: ParsedSample): ParsedSample {
  const bound = type === "summary" ? "quantile" : type.endsWith("histogram") ? "le" : "";
  const number = parseNumber(sample.labels.get(bound) ?? "", LENIENT_NUMBER);
  if (number === undefined) {
    return sample;
  }
  // Setting a key that is there keeps its place.
  return { ...sample, labels: new Map(sample.labels).set(bound, canonicalNumber(number)) };
}
