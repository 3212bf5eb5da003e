import { labelText } from "../../model/identity.ts";
import type { Exemplar } from "../../model/metric-family.ts";
import { isLegacyLabelName } from "../../model/names.ts";
import { isReservedLabel } from "../label-pairs.ts";
import { formatNumber } from "../number.ts";
import { escapeQuoted } from "./labels.ts";
import { formatTimestamp } from "./sample-lines.ts";

/** The unit of timestamps in OpenMetrics (OpenMetrics 1.0, Timestamps), in milliseconds. */
export const SECOND_MS = 1_000;

// OpenMetrics 1.0, Exemplars: the names and values together, in code points.
const MAX_LABEL_CHARACTERS = 128;

// Each makes some parser reject the whole exposition, even within quotes. The Python client's parser,
// which the Datadog Agent uses, takes the first brace (0.16 to 0.21), or an escaped quote (since 0.22),
// for an end. Prometheus reads NUL in the labels of samples, not in those of exemplars.
const FATAL_CHARACTERS = /[}"\0]/;

const SURROGATE_PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

/**
 * Writes an exemplar as it follows a sample, or `""` unless every parser accepts it: the
 * sample is worth more than its exemplar.
 *
 * Skips a label without a value, and a timestamp that is not legal.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars
 */
export function formatExemplar(exemplar: Exemplar | null | undefined): string {
  if (exemplar === null || exemplar === undefined) return "";
  if (typeof exemplar.value !== "number") return "";
  const labels = formatLabels(exemplar);
  if (labels === undefined) return "";
  const timestamp = formatTimestamp(exemplar.timestampMs, SECOND_MS);
  return ` # {${labels}} ${formatNumber(exemplar.value)}${timestamp}`;
}

/**
 * The same for a bucket: its exemplar must be an observation that no lower bucket counts.
 *
 * @param bounds All bounds, ascending.
 * @param at Which of them is the bucket's; that of `+Inf` is not among them.
 */
export function formatBucketExemplar(
  exemplar: Exemplar | null | undefined,
  bounds: readonly number[],
  at: number,
): string {
  if (exemplar === null || exemplar === undefined) return "";
  const above = bounds[at - 1] ?? Number.NEGATIVE_INFINITY;
  const upTo = bounds[at] ?? Number.POSITIVE_INFINITY;
  return exemplar.value > above && exemplar.value <= upTo ? formatExemplar(exemplar) : "";
}

/** Writes the labels without braces; `undefined` where a parser would reject them. */
function formatLabels({ labels }: Exemplar): string | undefined {
  let formatted = "";
  let characters = 0;
  for (const [name, value] of Object.entries(labels ?? {})) {
    const text = labelText(value);
    if (text === undefined) return undefined;
    if (text === "" || isReservedLabel(name)) continue;
    // Quoted names are for metrics; before 3.1, Prometheus rejected them in exemplars.
    if (!isLegacyLabelName(name)) return undefined;
    if (FATAL_CHARACTERS.test(text)) return undefined;
    characters += name.length + countCodePoints(text);
    if (characters > MAX_LABEL_CHARACTERS) return undefined;
    formatted += `${formatted === "" ? "" : ","}${name}="${escapeQuoted(text)}"`;
  }
  return formatted;
}

function countCodePoints(text: string): number {
  return text.length - (text.match(SURROGATE_PAIR)?.length ?? 0);
}
