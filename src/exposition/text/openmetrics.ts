/**
 * OpenMetrics, versions 1.0.0 and 0.0.1.
 *
 * `createOpenMetricsEncoder()` is a door of this wing, and is loaded on first use. `openmetrics-names.ts`
 * decides the name and type of each family, `openmetrics-groups.ts` examines infos and state sets,
 * `exemplar.ts` writes exemplars; the rest is shared with the
 * text format (see `text.ts`), as is the ownership of memory. A sample is never dropped for something
 * that only decorates it: an exemplar, unit or timestamp that a known parser would reject is skipped.
 */
import type { BoundRule } from "../../model/bounds.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import type { Encoder, FamilyEncoder, MetricEncoder } from "../encoder.ts";
import type { BlockStore } from "../kept/store.ts";
import { BOUND_LABELS } from "../label-pairs.ts";
import { formatNumber } from "../number.ts";
import { createTextFormatEncoder, type ServedFamily, type TextFamilies } from "./encode.ts";
import { formatBucketExemplar, formatExemplar, SECOND_MS } from "./exemplar.ts";
import { escapeQuoted, LabelEncoder } from "./labels.ts";
import {
  createHistogramEncoder,
  createSummaryEncoder,
  createValueEncoder,
  type LineStyle,
} from "./metric-lines.ts";
import { arrangeInfo, arrangeStates } from "./openmetrics-groups.ts";
import { type NamedFamily, nameFamilies } from "./openmetrics-names.ts";
import { quoteMetricName } from "./sample-lines.ts";

/** OpenMetrics 1.0, Summary: a quantile is from 0 to 1. */
const QUANTILES: BoundRule = {
  isLegal: (quantile) => typeof quantile === "number" && quantile >= 0 && quantile <= 1,
  fault: "a quantile is not a number from 0 to 1, or is there twice",
};

const STYLE: LineStyle = {
  formatBound: formatCanonical,
  quantileRule: QUANTILES,
  timestampUnitMs: SECOND_MS,
  isSumFirst: false,
  isStrict: true,
  formatBucketExemplar,
};

/**
 * Makes an encoder of OpenMetrics, versions 1.0.0 and 0.0.1: their bodies are the same.
 *
 * Samples have the names that they have in the text format; `nameFamilies()` says what that costs.
 * Values that OpenMetrics forbids, such as a negative counter, are written as they are: Prometheus
 * stores them, although strict parsers, such as the Python client's, reject the exposition. `_created`
 * lines are not written, because a server that does not expect them stores them as series. Native
 * histograms do not exist in the format.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function createOpenMetricsEncoder(scheme: EscapingScheme, store?: BlockStore): Encoder {
  const known = new WeakMap<MetricFamily, NamedFamily & { readonly encoder: FamilyEncoder }>();

  const encoderOf = (named: NamedFamily, isKept: boolean): FamilyEncoder => {
    const { family, name, type } = named;
    const previous = known.get(family);
    // The name and the type depend on the other families, too.
    if (previous?.name === name && previous.type === type) return previous.encoder;
    const encoder = createFamilyEncoder(named, scheme);
    if (isKept) known.set(family, { ...named, encoder });
    return encoder;
  };

  const prepare = (families: readonly MetricFamily[], isKept: boolean): TextFamilies => {
    const { named, skipped } = nameFamilies(families, scheme);
    const encode = (it: NamedFamily) => encoderOf(it, isKept);
    const served = named.map((it) => ({
      family: it.family,
      encoder: encode(it),
      examine: examinerOf(it, scheme, encode),
    }));
    return { served, skipped };
  };

  return createTextFormatEncoder({ prepare, end: "# EOF\n" }, store);
}

/** An info or a state set is shown as such only if it is a legal one. */
function examinerOf(
  named: NamedFamily,
  scheme: EscapingScheme,
  encoderOf: (named: NamedFamily) => FamilyEncoder,
): (() => Generator<void, ServedFamily, undefined>) | undefined {
  const { family, name, type } = named;
  if (type !== "info" && type !== "stateset") return undefined;
  const isInfo = type === "info";
  return function* () {
    const { metrics, fault } = isInfo
      ? yield* arrangeInfo(family.metrics)
      : yield* arrangeStates(family.metrics, name, scheme);
    // No other family has the full name, which an info reserves.
    const shown: NamedFamily =
      fault === undefined
        ? named
        : { family, name: isInfo ? `${name}_info` : name, type: "unknown" };
    return { family: { name: family.name, metrics }, encoder: encoderOf(shown), fault };
  };
}

function createFamilyEncoder(named: NamedFamily, scheme: EscapingScheme): FamilyEncoder {
  return { preamble: createPreamble(named), ...createMetricEncoder(named, scheme) };
}

/** OpenMetrics 1.0, Overall Structure: type, unit and help, in this order. */
function createPreamble({ family, name, type }: NamedFamily): string {
  const written = quoteMetricName(name);
  const { help, unit } = family;
  const unitLine = isUnitOf(unit, name, type) ? `# UNIT ${written} ${unit}\n` : "";
  const helpLine = help === "" ? "" : `# HELP ${written} ${escapeQuoted(help)}\n`;
  return `# TYPE ${written} ${type}\n${unitLine}${helpLine}`;
}

/** OpenMetrics 1.0, UNIT: it ends the name; an info and a state set have none. */
function isUnitOf(unit: unknown, name: string, type: MetricFamily["type"]): boolean {
  if (typeof unit !== "string" || type === "info" || type === "stateset") return false;
  // A unit is made of the characters of a metric name, and cannot be quoted.
  return /^[a-zA-Z0-9_:]+$/.test(unit) && name.endsWith(`_${unit}`);
}

function createMetricEncoder(
  { family, name, type }: NamedFamily,
  scheme: EscapingScheme,
): MetricEncoder {
  const labels = new LabelEncoder(scheme, family.hasUniqueLabels, BOUND_LABELS[type]);
  switch (type) {
    case "histogram":
      return createHistogramEncoder(name, labels, STYLE);
    case "gaugehistogram":
      return createHistogramEncoder(name, labels, STYLE, { sum: "_gsum", count: "_gcount" });
    case "summary":
      return createSummaryEncoder(name, labels, STYLE);
    case "counter":
      return createValueEncoder(`${name}_total`, labels, STYLE, formatExemplar);
    case "info":
      return createValueEncoder(`${name}_info`, labels, STYLE);
    default:
      return createValueEncoder(name, labels, STYLE);
  }
}

/**
 * Formats a bucket's bound or a quantile as OpenMetrics requires.
 *
 * The text is part of a series' identity, so all processes must write the same one: that of Go's
 * `%g`, with `.0` after an integer (OpenMetrics 1.0, Considerations: Canonical Numbers).
 */
export function formatCanonical(value: number): string {
  if (!Number.isFinite(value)) return formatNumber(value);
  if (value === 0) return "0.0";
  const [digits, exponent] = splitExponent(value);
  if (exponent < -4 || exponent >= 6) {
    const sign = exponent < 0 ? "-" : "+";
    return `${digits}e${sign}${`${Math.abs(exponent)}`.padStart(2, "0")}`;
  }
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

/** Takes `-1.5e-7` apart; without an argument, `toExponential` gives the fewest exact digits. */
function splitExponent(value: number): [digits: string, exponent: number] {
  const text = value.toExponential();
  const position = text.indexOf("e");
  return [text.slice(0, position), Number(text.slice(position + 1))];
}
