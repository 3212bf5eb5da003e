import type { Exemplar, Metric } from "../../model/metric-family.ts";
import { wholeMilliseconds } from "../number.ts";
import type { LabelWriter } from "./labels.ts";
import { EXEMPLAR, METRIC, TIMESTAMP } from "./schema.ts";
import type { ProtobufWriter } from "./writer.ts";

// google.protobuf.Timestamp: from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
const MIN_TIMESTAMP_MS = -62_135_596_800_000;
const END_TIMESTAMP_MS = 253_402_300_800_000;

/** Writes an exemplar with all its labels, or nothing if there is none with a value and texts. */
export function writeExemplar(
  tag: number,
  exemplar: Exemplar | null | undefined,
  labelWriter: LabelWriter,
  writer: ProtobufWriter,
): void {
  if (!exemplar || typeof exemplar.value !== "number") return;
  const before = writer.length;
  const start = writer.open(tag);
  if (!labelWriter.write(exemplar.labels, writer)) {
    writer.truncate(before);
    return;
  }
  writer.double(EXEMPLAR.value, exemplar.value);
  writeTimestamp(EXEMPLAR.timestamp, exemplar.timestampMs, writer);
  writer.close(start);
}

/** Writes the timestamp of a metric, if it is legal, and ends the metric. */
export function closeMetric(start: number, { timestampMs }: Metric, writer: ProtobufWriter): void {
  const whole = wholeMilliseconds(timestampMs);
  if (whole !== undefined) writer.uint(METRIC.timestampMs, whole);
  writer.close(start);
}

/** Writes a `google.protobuf.Timestamp`, or nothing if the time is outside its range. */
export function writeTimestamp(
  tag: number,
  timeMs: number | undefined,
  writer: ProtobufWriter,
): void {
  if (typeof timeMs !== "number") return;
  if (!(timeMs >= MIN_TIMESTAMP_MS && timeMs < END_TIMESTAMP_MS)) return;
  const wholeMs = Math.floor(timeMs);
  const millis = ((wholeMs % 1_000) + 1_000) % 1_000;
  // A time just below a millisecond would round up to it, and 1e9 nanoseconds are not legal.
  const nanos = millis * 1e6 + Math.min(Math.floor((timeMs - wholeMs) * 1e6), 999_999);
  const start = writer.open(tag);
  writer.int64(TIMESTAMP.seconds, (wholeMs - millis) / 1_000);
  if (nanos > 0) writer.uint(TIMESTAMP.nanos, nanos);
  writer.close(start);
}
