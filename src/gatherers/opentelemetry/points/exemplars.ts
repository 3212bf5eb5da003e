/**
 * Exemplars of collected points. No released version of the SDK has any; they are read in the shape that its
 * unreleased code gives them.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exemplars
 */
import type { Exemplar, Labels } from "../../../model/metric-family.ts";
import { type CollectedExemplar, type DataPoint, millisecondsOf } from "../collected.ts";
import { labelNameOf } from "../naming/label-name.ts";
import { labelValueOf } from "../naming/label-value.ts";

/** OpenMetrics 1.0, Exemplars: the most code points that the labels may have, names and values. */
const MAX_CODE_POINTS = 128;

/** Returns all exemplars of a point; `undefined` if there are none. */
export function exemplarsOf({ exemplars }: DataPoint): readonly Exemplar[] | undefined {
  if (!Array.isArray(exemplars)) return undefined;
  const legible = exemplars.filter(isLegible);
  return legible.length === 0 ? undefined : legible.map(toExemplar);
}

/** What is not collected by an SDK may be anything. */
function isLegible(exemplar: CollectedExemplar | null | undefined): boolean {
  return typeof exemplar?.value === "number";
}

/** Returns the latest exemplar of a counter. */
export function exemplarOf(point: DataPoint): Exemplar | undefined {
  return exemplarsOf(point)?.reduce(latest);
}

/**
 * Returns the latest exemplar of each classic bucket, that of `+Inf` last; `undefined` if there are none.
 *
 * @param upperBounds The finite bounds, ascending.
 */
export function bucketExemplarsOf(
  point: DataPoint,
  upperBounds: readonly number[],
): readonly (Exemplar | undefined)[] | undefined {
  const exemplars = exemplarsOf(point);
  if (exemplars === undefined) return undefined;
  const buckets = new Array<Exemplar | undefined>(upperBounds.length + 1).fill(undefined);
  for (const exemplar of exemplars) {
    const found = upperBounds.findIndex((bound) => exemplar.value <= bound);
    const bucket = found === -1 ? upperBounds.length : found;
    buckets[bucket] = latest(buckets[bucket] ?? exemplar, exemplar);
  }
  return buckets;
}

/** Returns the later of two exemplars: of two at one time, the second. */
function latest(one: Exemplar, other: Exemplar): Exemplar {
  return (other.timestampMs ?? 0) >= (one.timestampMs ?? 0) ? other : one;
}

function toExemplar(collected: CollectedExemplar): Exemplar {
  const { filteredAttributes, value, timestamp, traceId, spanId } = collected;
  const trace: Record<string, string> = {};
  if (traceId) trace["trace_id"] = String(traceId);
  if (spanId) trace["span_id"] = String(spanId);
  const attributes: Record<string, string> = {};
  for (const [key, attribute] of Object.entries(filteredAttributes ?? {})) {
    // Whatever the strategy is, because readers of OpenMetrics reject other names in exemplars.
    const name = labelNameOf(key, true);
    const text = labelValueOf(attribute);
    if (name !== "" && text !== "") attributes[name] = text;
  }
  const labels = { ...attributes, ...trace };
  return {
    // Exemplars, MUST: attributes are labels unless they would exceed the limit.
    labels: countCodePoints(labels) <= MAX_CODE_POINTS ? labels : trace,
    value,
    timestampMs: millisecondsOf(timestamp),
  };
}

function countCodePoints(labels: Labels): number {
  return [...Object.entries(labels).flat().join("")].length;
}
