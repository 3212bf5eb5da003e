/**
 * The text format, versions 0.0.4 and 1.0.0.
 *
 * `createTextEncoder()` is the door of this wing for text, `openmetrics.ts` for OpenMetrics. A format
 * names the families and writes their preambles. `metric-lines.ts` writes metrics for both: a
 * `LineStyle` says how they differ. `sample-lines.ts` and `labels.ts` write the parts of a line. `encode.ts` walks the
 * families along the blocks of `kept/`, and yields a chunk of `byte-sink.ts` at a time.
 *
 * What is common to a family, such as its names, is made once and cached for as long as the family is
 * the same object. Chunks are in the memory of the scrape, or are blocks that `kept/` lends. One metric
 * is always written without a pause. Nothing of OpenMetrics is loaded from here.
 */

import { ANY_QUANTILES } from "../../model/bounds.ts";
import type { FaultReporter } from "../../model/gatherer.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import type { Encoder, FamilyEncoder, MetricEncoder } from "../encoder.ts";
import { TEXT_SUFFIXES, uniquelyNamed } from "../family-names.ts";
import type { BlockStore } from "../kept/store.ts";
import { BOUND_LABELS } from "../label-pairs.ts";
import { formatNumber } from "../number.ts";
import { createTextFormatEncoder, type SkippedFamily, type TextFamilies } from "./encode.ts";
import { escapeHelp, LabelEncoder } from "./labels.ts";
import {
  createHistogramEncoder,
  createSummaryEncoder,
  createValueEncoder,
  type LineStyle,
} from "./metric-lines.ts";
import { quoteMetricName } from "./sample-lines.ts";

/** The types of the text format, for those of the model. */
const TEXT_TYPES: Readonly<Record<MetricFamily["type"], string>> = {
  counter: "counter",
  gauge: "gauge",
  unknown: "untyped",
  info: "gauge",
  stateset: "gauge",
  histogram: "histogram",
  gaugehistogram: "histogram",
  summary: "summary",
};

/**
 * The text of a bound is part of the identity of its series, so buckets and quantiles are written as
 * the client libraries write them, not in the canonical form of OpenMetrics.
 */
const STYLE: LineStyle = {
  formatBound: formatNumber,
  quantileRule: ANY_QUANTILES,
  timestampUnitMs: 1,
  isSumFirst: true,
  isStrict: false,
};

/** What was made of a family for an earlier scrape. */
interface Known {
  readonly name: string;
  readonly type: MetricFamily["type"];
  readonly encoder: FamilyEncoder;
}

/**
 * Makes an encoder of the text format, versions 0.0.4 and 1.0.0. They differ only in the names that
 * they allow, which `scheme` decides.
 *
 * Exemplars, units and native histograms do not exist in the format, so they are skipped.
 *
 * @param store Keeps bytes between scrapes; absent where nothing is kept.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function createTextEncoder(scheme: EscapingScheme, store?: BlockStore): Encoder {
  const known = new WeakMap<MetricFamily, Known>();

  const encoderOf = (family: MetricFamily, name: string, isKept: boolean): FamilyEncoder => {
    const { type } = family;
    const previous = known.get(family);
    // The same object has the same name and type, unless its gatherer has changed it.
    if (previous?.name === name && previous.type === type) return previous.encoder;
    const encoder = createFamilyEncoder(family, name, scheme);
    if (isKept) known.set(family, { name, type, encoder });
    return encoder;
  };

  const prepare = (families: readonly MetricFamily[], isKept: boolean): TextFamilies => {
    const skipped: SkippedFamily[] = [];
    const skip: FaultReporter = (name, reason) => skipped.push({ name, reason });
    const named = uniquelyNamed(families, scheme, skip, TEXT_SUFFIXES);
    const served = Array.from(named, ([family, name]) => ({
      family,
      encoder: encoderOf(family, name, isKept),
    }));
    return { served, skipped };
  };

  return createTextFormatEncoder({ prepare, end: "" }, store);
}

function createFamilyEncoder(
  family: MetricFamily,
  name: string,
  scheme: EscapingScheme,
): FamilyEncoder {
  const written = quoteMetricName(name);
  const help = family.help === "" ? "" : `# HELP ${written} ${escapeHelp(family.help)}\n`;
  // The Python client's parser cuts `_total` off the name of a counter, and rejects what is empty then.
  const isSuffix = family.type === "counter" && name === "_total";
  const type = isSuffix ? TEXT_TYPES.unknown : TEXT_TYPES[family.type];
  return {
    preamble: `${help}# TYPE ${written} ${type}\n`,
    ...createMetricEncoder(family, name, scheme),
  };
}

function createMetricEncoder(
  { type, hasUniqueLabels }: MetricFamily,
  name: string,
  scheme: EscapingScheme,
): MetricEncoder {
  const labels = new LabelEncoder(scheme, hasUniqueLabels, BOUND_LABELS[type]);
  switch (type) {
    case "histogram":
    case "gaugehistogram":
      return createHistogramEncoder(name, labels, STYLE);
    case "summary":
      return createSummaryEncoder(name, labels, STYLE);
    default:
      return createValueEncoder(name, labels, STYLE);
  }
}
