import { canonicalNumber } from "../number.ts";
import type { ParsedFamily, ParsedSample } from "../types.ts";
import { countOf } from "./rules.ts";
import type {
  ProtoBucket,
  ProtoExemplar,
  ProtoFamily,
  ProtoHistogram,
  ProtoMetric,
  ProtoSummary,
} from "./types.ts";

/** A sample without what all samples of its metric share. */
interface Part {
  readonly suffix?: string;
  readonly bound?: readonly [name: string, value: string];
  readonly value: number;
  readonly exemplar?: ProtoExemplar | undefined;
}

/**
 * Expands protobuf families to the samples that a text exposition of them has.
 *
 * A histogram becomes `_bucket`, `_sum` and `_count`, with the `+Inf` bucket that protobuf may
 * leave out; of a native histogram nothing else is left. `le` and `quantile` are canonical numbers.
 * The type is the one of protobuf in lower case, and `gaugehistogram` for `GAUGE_HISTOGRAM`.
 */
export function protoToSamples(families: readonly ProtoFamily[]): ParsedFamily[] {
  return families.map(({ name, type, help, unit, metrics }) => ({
    name,
    type: type.toLowerCase().replace("_", ""),
    ...(help !== undefined && { help }),
    ...(unit !== undefined && { unit }),
    samples: metrics.flatMap((metric) => expand(name, metric)),
  }));
}

function expand(name: string, metric: ProtoMetric): ParsedSample[] {
  const { timestampMs } = metric;
  return partsOf(metric).map(({ suffix = "", bound, value, exemplar }) => ({
    name: name + suffix,
    labels: new Map(bound === undefined ? metric.labels : [...metric.labels, bound]),
    value,
    ...(timestampMs !== undefined && { timestampMs }),
    ...(exemplar !== undefined && { exemplar }),
  }));
}

function partsOf({ counter, gauge, untyped, summary, histogram }: ProtoMetric): Part[] {
  return [
    ...(counter === undefined ? [] : [{ value: counter.value, exemplar: counter.exemplar }]),
    ...(gauge === undefined ? [] : [gauge]),
    ...(untyped === undefined ? [] : [untyped]),
    ...(summary === undefined ? [] : summaryParts(summary)),
    ...(histogram === undefined ? [] : histogramParts(histogram)),
  ];
}

function summaryParts({ quantiles, sampleSum, sampleCount }: ProtoSummary): Part[] {
  return [
    ...quantiles.map(
      ({ quantile, value }): Part => ({ bound: ["quantile", canonicalNumber(quantile)], value }),
    ),
    { suffix: "_sum", value: sampleSum },
    { suffix: "_count", value: sampleCount },
  ];
}

function histogramParts(histogram: ProtoHistogram): Part[] {
  const total = countOf(histogram.sampleCount, histogram.sampleCountFloat);
  const infinity: ProtoBucket = { cumulativeCount: total, upperBound: Number.POSITIVE_INFINITY };
  const hasInfinity = histogram.buckets.at(-1)?.upperBound === Number.POSITIVE_INFINITY;
  const buckets = hasInfinity ? histogram.buckets : [...histogram.buckets, infinity];
  return [
    ...buckets.map(
      ({ upperBound, cumulativeCount, cumulativeCountFloat, exemplar }): Part => ({
        suffix: "_bucket",
        bound: ["le", canonicalNumber(upperBound)],
        value: countOf(cumulativeCount, cumulativeCountFloat),
        exemplar,
      }),
    ),
    { suffix: "_sum", value: histogram.sampleSum },
    { suffix: "_count", value: total },
  ];
}
