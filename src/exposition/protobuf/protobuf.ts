/**
 * Protobuf, the only format that carries native histograms and start timestamps.
 *
 * `createProtobufEncoder()` is the door. Each family becomes one `io.prometheus.client.MetricFamily`
 * after its length. `metrics.ts` and `histogram.ts` write its metrics, `native-histogram.ts` checks and
 * writes exponential buckets, `labels.ts` and `parts.ts` write what several of them share. All use the
 * tags of `schema.ts`, and the one buffer of `writer.ts`.
 *
 * The writer owns that buffer and reuses it; chunks are copies that belong to the consumer. A family
 * whose length is not known yet is collected, with pauses. What Prometheus would reject is reported and
 * skipped, since it would cost the whole scrape. Nothing is kept between scrapes.
 */
import { RestOf } from "../../model/labels-before.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import type { Encoder } from "../encoder.ts";
import { TEXT_SUFFIXES, uniquelyNamed } from "../family-names.ts";
import type { FamilyReading } from "./labels.ts";
import { createLabelWriters, createMetricWriter, type MetricWriter } from "./metrics.ts";
import { METRIC_FAMILY, METRIC_TYPE } from "./schema.ts";
import { ProtobufWriter } from "./writer.ts";

/** The size of a chunk: large enough to be cheap, small enough to be freed soon. */
const CHUNK_BYTES = 64 * 1_024;

/** How many metrics may be skipped without a pause. */
const SKIPS_PER_STEP = 1_000;

/** Yielded where there is nothing to send yet, so that the caller can pause. */
const PAUSE: Uint8Array = new Uint8Array(0);

const TYPES: Readonly<Record<MetricFamily["type"], number>> = {
  counter: METRIC_TYPE.counter,
  gauge: METRIC_TYPE.gauge,
  unknown: METRIC_TYPE.untyped,
  info: METRIC_TYPE.gauge,
  stateset: METRIC_TYPE.gauge,
  histogram: METRIC_TYPE.histogram,
  gaugehistogram: METRIC_TYPE.gaugeHistogram,
  summary: METRIC_TYPE.summary,
};

/**
 * Makes an encoder of the protobuf format.
 *
 * The length of a family is known when its last metric is written. A family that is larger than a
 * chunk is therefore collected in memory. An empty chunk is yielded about every 64 KiB, so that the
 * caller can yield to the event loop. Skips families without metrics.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#protobuf-format
 */
export function createProtobufEncoder(scheme: EscapingScheme): Encoder {
  const labelWriters = createLabelWriters(scheme);
  return {
    *encode(families, report) {
      const writer = new ProtobufWriter();
      for (const [family, name] of uniquelyNamed(families, scheme, report, TEXT_SUFFIXES)) {
        const reading = { family, iterator: family.metrics[Symbol.iterator]() };
        const write = createMetricWriter(reading, labelWriters, report);
        yield* encodeFamily(reading, name, write, writer);
        if (writer.length >= CHUNK_BYTES) yield writer.take(0);
      }
      if (writer.length > 0) yield writer.take(0);
    },
  };
}

/** Writes a family after what `writer` holds, and yields chunks only if it is a large one. */
function* encodeFamily(
  { family, iterator }: FamilyReading,
  name: string,
  write: MetricWriter,
  writer: ProtobufWriter,
): Generator<Uint8Array, void, undefined> {
  const collected: Uint8Array[] = [];
  let collectedBytes = 0;
  const start = writer.openDelimited();
  writePreamble(family, name, writer);
  const preambleEnd = writer.length;
  let skips = 0;
  for (const metric of new RestOf(iterator)) {
    const before = writer.length;
    write(metric, writer);
    // Nothing is collected while metrics are skipped.
    if (writer.length === before && ++skips % SKIPS_PER_STEP === 0) yield PAUSE;
    if (writer.length - start >= CHUNK_BYTES) {
      const chunk = writer.take(start);
      collected.push(chunk);
      collectedBytes += chunk.length;
      yield PAUSE;
    }
  }
  if (collected.length > 0) {
    const last = writer.take(start);
    writer.closeTaken(start, collectedBytes + last.length);
    yield writer.take(0);
    yield* collected;
    writer.raw(last);
  } else if (writer.length > preambleEnd) {
    writer.close(start);
  } else {
    writer.truncate(start - 1);
  }
}

function writePreamble(family: MetricFamily, name: string, writer: ProtobufWriter): void {
  writer.string(METRIC_FAMILY.name, name);
  if (family.help !== "") writer.string(METRIC_FAMILY.help, family.help);
  // The default value too: a decoder may tell a counter from a family without a type.
  writer.uint(METRIC_FAMILY.type, TYPES[family.type]);
  const { unit } = family;
  if (typeof unit === "string" && unit !== "" && hasUnit(family, name, unit)) {
    writer.string(METRIC_FAMILY.unit, unit);
  }
}

/** Prometheus rejects the whole scrape for a unit that the name does not end in. */
function hasUnit({ type }: MetricFamily, name: string, unit: string): boolean {
  const base = type === "counter" && name.endsWith("_total") ? name.slice(0, -6) : name;
  return base.endsWith(`_${unit}`);
}
