import { NOT_A_NUMBER, SAME_LABELS } from "../../model/faults.ts";
import type { FaultReporter } from "../../model/gatherer.ts";
import { haveSameElements, isReadOnce, snapshotOf } from "../../model/identity.ts";
import { labelsBefore, RestOf } from "../../model/labels-before.ts";
import type { Labels, Metric, MetricFamily } from "../../model/metric-family.ts";
import { ChunkMemory } from "../chunk-memory.ts";
import type { Encoder, FamilyEncoder, LabelHolder, Written } from "../encoder.ts";
import { BlockStore, type BlockWalk } from "../kept/store.ts";
import { LabelSets, onceForEach } from "../label-pairs.ts";
import { ByteSink } from "./byte-sink.ts";

/** The families of an exposition, as a format has them. */
export interface TextFamilies {
  /** What is served, in order. */
  readonly served: readonly ServedFamily[];
  readonly skipped: readonly SkippedFamily[];
}

/** A family with the encoder of its metrics. */
export interface ServedFamily {
  readonly family: Pick<MetricFamily, "name" | "metrics">;
  readonly encoder: FamilyEncoder;
  /** What to report of it. */
  readonly fault?: string | undefined;
  /** Decides by the metrics how they are written; absent where nothing depends on them. */
  readonly examine?: (() => Generator<void, ServedFamily, undefined>) | undefined;
}

/** A family that the format cannot have, and why. */
export interface SkippedFamily {
  readonly name: string;
  readonly reason: string;
}

/** What tells one text format from another. */
export interface TextFormat {
  /**
   * Names the families and makes their encoders.
   *
   * @param isKept Whether to remember the encoder of each family for later scrapes.
   */
  prepare(families: readonly MetricFamily[], isKept: boolean): TextFamilies;
  /** What follows the last family. */
  readonly end: string;
}

/** What a format makes of the families of a scrape. */
type Prepared = TextFamilies & { readonly families: readonly MetricFamily[] };

/**
 * Makes the encoder of a text format.
 *
 * @param store Keeps bytes between scrapes.
 */
export function createTextFormatEncoder(
  format: TextFormat,
  store: BlockStore = new BlockStore(0),
): Encoder {
  const prepare = rememberPrepared(format);
  const owner = {};
  return {
    encode(families, report, { selection, memory = new ChunkMemory() } = {}) {
      const prepared = prepare(families, selection);
      const sink = new ByteSink(memory);
      const walk = store.walk(owner, selection, sink);
      return encodeText(prepared, { end: format.end, report, sink, walk });
    },
  };
}

/** How many selections are remembered: enough for scrapers; others are tried once. */
const MAX_SELECTIONS = 8;

/** Prepares families again only when the list has changed since the last scrape. */
function rememberPrepared(format: TextFormat) {
  const known = new Map<string, Prepared>();
  return (families: readonly MetricFamily[], selection: string | undefined): TextFamilies => {
    // A weak map keeps its values until the next collection of old objects: the families of a probe are new each
    // time, and their encoders made garbage collection five times as long.
    if (selection === undefined) return format.prepare(families, false);
    const last = known.get(selection);
    if (last !== undefined && haveSameElements(families, last.families)) return last;
    const prepared = { ...format.prepare(families, true), families: snapshotOf(families) };
    if (known.size >= MAX_SELECTIONS) known.clear();
    known.set(selection, prepared);
    return prepared;
  };
}

/** What one exposition is encoded with. */
interface TextEncoding {
  readonly end: string;
  /** Called for each family and each metric that is skipped. */
  readonly report: FaultReporter;
  readonly sink: ByteSink;
  readonly walk: BlockWalk;
}

/** How many metrics may be skipped, or read again, without a pause. */
const METRICS_PER_STEP = 1_000;

/** Yielded where there is nothing to send yet, so that the caller can pause. */
const PAUSE: Uint8Array = new Uint8Array(0);

function* examined(
  examination: Generator<void, ServedFamily, undefined>,
): Generator<Uint8Array, ServedFamily, undefined> {
  let step = examination.next();
  while (!step.done) {
    yield PAUSE;
    step = examination.next();
  }
  return step.value;
}

/** Encodes families, a chunk at a time. Another scrape may walk the same blocks while it pauses. */
function* encodeText(
  { served, skipped }: TextFamilies,
  { end, report, sink, walk }: TextEncoding,
): Generator<Uint8Array, void, undefined> {
  const reportOnce = onceForEach(report);
  for (const { name, reason } of skipped) report(name, reason);
  try {
    for (const given of served) {
      const { family, encoder, fault } = given.examine ? yield* examined(given.examine()) : given;
      if (fault !== undefined) report(family.name, fault);
      const { labels } = encoder;
      /** Absent as long as all metrics are those of the last scrape, or cannot have equal labels. */
      let labelSets = isReadOnce(family.metrics) ? new LabelSets() : undefined;
      let count = 0;
      const iterator = walk.family(family, encoder)[Symbol.iterator]();
      if (sink.isFull) yield sink.take();
      for (const metric of new RestOf(iterator)) {
        if (labelSets === undefined) {
          const written = walk.write(metric, encoder);
          if (written === true) {
            count++;
            if (sink.isFull) yield sink.take();
            continue;
          }
          if (labels.isRefused) {
            // Another scrape may use the encoder before this one goes on.
            labels.release();
            const before = labelsBefore(iterator, family, count + walk.endRuns());
            labelSets = yield* labelSetsOf(before, labels);
          } else report(family.name, written || NOT_A_NUMBER);
        }
        if (labelSets !== undefined) {
          const written = writeUnique(metric, encoder, labelSets, walk);
          if (written !== true) report(family.name, written || NOT_A_NUMBER);
          if (labels.fault !== undefined) {
            reportOnce(family.name, labels.fault);
            labels.fault = undefined;
            // Nothing fills the sink while metrics are skipped.
            if (count % METRICS_PER_STEP === 0) yield PAUSE;
          }
        }
        count++;
        if (sink.isFull) yield sink.take();
      }
    }
    walk.finish();
    if (sink.isFull) yield sink.take();
  } catch (error) {
    walk.abandon();
    throw error;
  }
  sink.text(end);
  if (!sink.isEmpty) yield sink.take();
}

/** Writes a metric unless its labels are those of one before; `labels.fault` then says so. */
function writeUnique(
  metric: Metric,
  encoder: FamilyEncoder,
  labelSets: LabelSets,
  walk: BlockWalk,
): Written {
  const { labels } = encoder;
  const key = labels.hold(metric.labels);
  let written: Written = true;
  if (key !== undefined && labelSets.add(key)) {
    written = walk.write(metric, encoder);
    if (written === false) labelSets.delete(key);
  } else if (key !== undefined) labels.fault = SAME_LABELS;
  labels.release();
  return written;
}

/** Collects the labels before the next metric, which must be compared with them. */
function* labelSetsOf(
  before: Iterable<Labels>,
  holder: LabelHolder,
): Generator<Uint8Array, LabelSets, undefined> {
  const labelSets = new LabelSets();
  let index = 0;
  for (const labels of before) {
    const key = holder.hold(labels);
    if (key !== undefined) labelSets.add(key);
    holder.release();
    holder.fault = undefined;
    if (++index % METRICS_PER_STEP === 0) yield PAUSE;
  }
  return labelSets;
}
