import { labelText } from "../../../model/identity.ts";
import type {
  BucketSpan,
  Exemplar,
  HistogramMetric,
  Labels,
  Metric,
  MetricType,
  NativeHistogram,
  ValueMetric,
} from "../../../model/metric-family.ts";
import { type ChangeWriter, jsonBytes, MAX_PART_BYTES } from "./change-writer.ts";

/** What a report says of a native histogram that is left out. */
const NATIVE_NOT_SENDABLE = "a native histogram is malformed, or too large to be sent";

/** What was sent of one row besides its numbers. Most rows of most families have nothing of it. */
export class RowExtras {
  /** By bucket; a counter has one. */
  readonly #exemplars: (Exemplar | undefined)[] = [];
  /** As JSON. */
  #native: string | undefined;
  readonly #changedBuckets = new Set<number>();
  #isNativeChanged = false;

  get isChanged(): boolean {
    return this.#changedBuckets.size > 0 || this.#isNativeChanged;
  }

  /** Compares with what was sent before; what has changed waits for `describe()` and `settle()`. */
  update({ exemplars, native }: Extras): void {
    const buckets = Math.max(exemplars.length, this.#exemplars.length);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const given = exemplars[bucket];
      const last = this.#exemplars[bucket];
      if (last !== undefined && given !== undefined && isSameExemplar(last, given)) continue;
      const next = given && toSendable(given);
      if (next === undefined && last === undefined) continue;
      this.#exemplars[bucket] = next;
      this.#changedBuckets.add(bucket);
    }
    if (native === this.#native) return;
    this.#native = native;
    this.#isNativeChanged = true;
  }

  /** Writes the exemplars that have changed. */
  describeExemplars(row: number, writer: ChangeWriter): void {
    for (const bucket of this.#changedBuckets) {
      const exemplar = this.#exemplars[bucket] ?? null;
      writer.exemplar([row, bucket, exemplar], exemplar === null ? 4 : exemplarBytes(exemplar));
    }
  }

  /** Writes the native histogram, if it has changed. */
  describeNative(row: number, writer: ChangeWriter): void {
    if (!this.#isNativeChanged) return;
    const text = this.#native ?? "null";
    writer.native([row, JSON.parse(text) as NativeHistogram | null], text.length * 3);
  }

  /** What has changed was described, and will be sent. */
  settle(): void {
    this.#changedBuckets.clear();
    this.#isNativeChanged = false;
  }
}

/** What a metric has besides its numbers. */
export interface Extras {
  /** By bucket; that of `+Inf` is last. */
  readonly exemplars: readonly (Exemplar | undefined)[];
  /** The native histogram as JSON. */
  readonly native: string | undefined;
  readonly fault: string | undefined;
}

/**
 * Makes the function that reads what a metric has besides its numbers; `undefined` for nothing.
 *
 * @returns `undefined` for a type that has nothing of it.
 */
export function extrasReader(
  type: MetricType,
): ((metric: Metric, indexes: readonly number[]) => Extras | undefined) | undefined {
  // The type of a family decides the type of its metrics.
  if (type === "counter") return (metric) => extrasOfCounter(metric as ValueMetric);
  if (type === "histogram" || type === "gaugehistogram") {
    return (metric, indexes) => extrasOfHistogram(metric as HistogramMetric, indexes);
  }
  return undefined;
}

function extrasOfCounter({ exemplar }: ValueMetric): Extras | undefined {
  if (!isUsable(exemplar)) return undefined;
  return { exemplars: [exemplar], native: undefined, fault: undefined };
}

/** @param indexes Which of the metric's bounds the buckets have. */
function extrasOfHistogram(
  { exemplars: given, native: histogram, upperBounds }: HistogramMetric,
  indexes: readonly number[],
): Extras | undefined {
  // An author without a compiler that checks types may have said `null`.
  const list = given ?? undefined;
  const native = histogram ?? undefined;
  if (list === undefined && native === undefined) return undefined;
  const exemplars =
    list && [...indexes, upperBounds?.length ?? 0].map((index) => toUsable(list[index]));
  const hasExemplars = exemplars?.some((exemplar) => exemplar !== undefined) === true;
  if (!hasExemplars && native === undefined) return undefined;
  const text = native && nativeText(native);
  const fault = native !== undefined && text === undefined ? NATIVE_NOT_SENDABLE : undefined;
  return { exemplars: exemplars ?? [], native: text, fault };
}

function toUsable(exemplar: Exemplar | null | undefined): Exemplar | undefined {
  return isUsable(exemplar) ? exemplar : undefined;
}

/** JSON has no infinite numbers; of an exemplar they say nothing that its bucket does not. */
function isUsable(exemplar: Exemplar | null | undefined): exemplar is Exemplar {
  return typeof exemplar === "object" && exemplar !== null && Number.isFinite(exemplar.value);
}

function isSameExemplar(last: Exemplar, given: Exemplar): boolean {
  return (
    last.value === given.value &&
    last.timestampMs === timestampOf(given) &&
    haveSameLabels(last.labels, given.labels)
  );
}

function haveSameLabels(last: Labels, given: Labels): boolean {
  const names = Object.keys(given ?? {});
  if (names.length !== Object.keys(last).length) return false;
  return names.every((name) => Object.hasOwn(last, name) && last[name] === labelText(given[name]));
}

/** Copies an exemplar, whose labels the application may change; `undefined` if it cannot be sent. */
function toSendable(exemplar: Exemplar): Exemplar | undefined {
  const labels: [name: string, text: string][] = [];
  for (const [name, value] of Object.entries(exemplar.labels ?? {})) {
    const text = labelText(value);
    if (text === undefined) return undefined;
    labels.push([name, text]);
  }
  const timestampMs = timestampOf(exemplar);
  const sendable = { labels: Object.fromEntries(labels), value: exemplar.value };
  const copy = timestampMs === undefined ? sendable : { ...sendable, timestampMs };
  return exemplarBytes(copy) > MAX_PART_BYTES ? undefined : copy;
}

function timestampOf({ timestampMs }: Exemplar): number | undefined {
  return Number.isFinite(timestampMs) ? timestampMs : undefined;
}

function exemplarBytes({ labels }: Exemplar): number {
  let bytes = 100;
  for (const [name, value] of Object.entries(labels)) {
    bytes += jsonBytes(name) + jsonBytes(String(value)) + 2;
  }
  return bytes;
}

/** Writes a native histogram as JSON; `undefined` for one that cannot be sent. */
function nativeText(native: NativeHistogram): string | undefined {
  const { schema, zeroThreshold, zeroCount, exemplars } = native;
  const positiveSpans = spansOf(native.positiveSpans);
  const positiveCounts = numbersOf(native.positiveCounts);
  // Only these may be missing.
  const negativeSpans = spansOf(native.negativeSpans ?? []);
  const negativeCounts = numbersOf(native.negativeCounts ?? []);
  if (!positiveSpans || !positiveCounts || !negativeSpans || !negativeCounts) return undefined;
  if (![schema, zeroThreshold, zeroCount].every(Number.isFinite)) return undefined;
  const text = JSON.stringify({
    schema,
    zeroThreshold,
    zeroCount,
    positiveSpans,
    positiveCounts,
    negativeSpans,
    negativeCounts,
    exemplars: exemplars?.flatMap((exemplar) =>
      isUsable(exemplar) ? (toSendable(exemplar) ?? []) : [],
    ),
  });
  return text.length * 3 <= MAX_PART_BYTES ? text : undefined;
}

function spansOf(spans: readonly BucketSpan[]): BucketSpan[] | undefined {
  if (!Array.isArray(spans)) return undefined;
  const copies = spans.map(({ offset, length }: BucketSpan) => ({ offset, length }));
  // The counts of more buckets than that would not fit.
  const isLength = (length: number) => length >= 0 && length <= MAX_PART_BYTES;
  const isSendable = ({ offset, length }: BucketSpan) =>
    Number.isInteger(offset) && Number.isInteger(length) && isLength(length);
  return copies.every(isSendable) ? copies : undefined;
}

function numbersOf(counts: ArrayLike<number>): number[] | undefined {
  const numbers = Array.from(counts ?? [Number.NaN]);
  return numbers.every(Number.isFinite) ? numbers : undefined;
}
