import { NOT_PRINTABLE, SAME_LABELS } from "../../model/faults.ts";
import type { FaultReporter } from "../../model/gatherer.ts";
import { isReadOnce } from "../../model/identity.ts";
import { labelsBefore } from "../../model/labels-before.ts";
import type { Labels, Metric, MetricFamily } from "../../model/metric-family.ts";
import { type EscapingScheme, isLegacyLabelName } from "../../model/names.ts";
import {
  hasLoneSurrogate,
  isReservedLabel,
  LabelSets,
  MAX_KNOWN_NAMES,
  NameOrder,
  normalLabels,
  onceForEach,
} from "../label-pairs.ts";
import { LABEL_PAIR, METRIC } from "./schema.ts";
import type { ProtobufWriter } from "./writer.ts";

/**
 * Writes labels as the `LabelPair`s of a `Metric` or an `Exemplar`: both have the same tag. Skips what
 * `normalLabels()` skips.
 */
export class LabelWriter {
  /** Whether the labels that were written last were altered; see `NormalLabels`. */
  isAltered = false;
  /** What to report of them. */
  fault: string | undefined;
  readonly #scheme: EscapingScheme;
  readonly #reserved: string | undefined;
  /** For names that need no escaping, whether they are written at all. */
  readonly #legacyNames = new Map<string, boolean>();

  /** @param reserved The label that the scraper adds itself: `le` or `quantile`. */
  constructor(scheme: EscapingScheme, reserved?: string) {
    this.#scheme = scheme;
    this.#reserved = reserved;
  }

  /**
   * Writes labels in their order; writes nothing and returns `false` if a value cannot be converted to a
   * string.
   *
   * Hot path: all labels of all metrics pass here; `npm run bench` measures it.
   */
  write(labels: Labels, writer: ProtobufWriter): boolean {
    const start = writer.length;
    this.isAltered = false;
    this.fault = undefined;
    for (const name of Object.keys(labels ?? {})) {
      const value = labels[name];
      const isWritten = this.#legacyNames.get(name);
      const isText = typeof value === "string";
      if (isWritten === undefined || !(isText || typeof value === "number")) {
        writer.truncate(start);
        return this.#writeWithCare(labels, writer);
      }
      const text = isText ? value : String(value);
      if (text === "" || !isWritten || (isText && hasLoneSurrogate(text))) this.isAltered = true;
      if (text !== "" && isWritten) writePair(name, text, writer);
    }
    return true;
  }

  /** Writes labels in the order in which they are compared. */
  writeInOrder(labels: Labels, order: NameOrder, writer: ProtobufWriter): void {
    const pairs = normalLabels(labels, this.#scheme, this.#reserved)?.pairs ?? new Map();
    for (const name of order.arrange([...pairs.keys()])) writePair(name, pairs.get(name), writer);
  }

  /** The same for names that are new or not of the legacy charset, and for values of other types. */
  #writeWithCare(labels: Labels, writer: ProtobufWriter): boolean {
    for (const name of Object.keys(labels)) {
      const isReserved = isReservedLabel(name, this.#reserved);
      if (!isReserved && !isLegacyLabelName(name)) continue;
      if (this.#legacyNames.size >= MAX_KNOWN_NAMES) this.#legacyNames.clear();
      this.#legacyNames.set(name, !isReserved);
    }
    const normal = normalLabels(labels, this.#scheme, this.#reserved);
    this.isAltered = normal?.isAltered ?? true;
    this.fault = normal === undefined ? NOT_PRINTABLE : undefined;
    for (const [name, text] of normal?.pairs ?? []) writePair(name, text, writer);
    return normal !== undefined;
  }
}

function writePair(name: string, text: string, writer: ProtobufWriter): void {
  const start = writer.open(METRIC.label);
  writer.string(LABEL_PAIR.name, name);
  writer.string(LABEL_PAIR.value, text);
  writer.close(start);
}

/** A family, and where one scrape reads its metrics from. */
export interface FamilyReading {
  readonly family: MetricFamily;
  readonly iterator: Iterator<Metric>;
}

/** Writes the labels of one family's metrics in one scrape, each label set once. */
export class FamilyLabels {
  /** How many metrics of the family came before. */
  index = 0;
  readonly #family: MetricFamily;
  readonly #iterator: Iterator<Metric>;
  readonly #writer: LabelWriter;
  readonly #reportOnce: FaultReporter;
  readonly #doubted: WeakSet<MetricFamily>;
  readonly #order = new NameOrder();
  /** Those of all metrics before; absent as long as none of them can be equal. */
  #labelSets: LabelSets | undefined;

  /**
   * @param doubted The families with labels that were altered in an earlier scrape.
   * @param report Called for each metric that is skipped, wholly or in part.
   */
  constructor(
    { family, iterator }: FamilyReading,
    writer: LabelWriter,
    doubted: WeakSet<MetricFamily>,
    report: FaultReporter,
  ) {
    this.#family = family;
    this.#iterator = iterator;
    this.#writer = writer;
    this.#doubted = doubted;
    this.#reportOnce = onceForEach(report);
    const isTrusted = family.hasUniqueLabels === true && !doubted.has(family);
    if (!isTrusted || isReadOnce(family.metrics)) this.#labelSets = new LabelSets();
  }

  /** Writes labels, or returns `false` and may leave something written, when the metric is skipped. */
  write(labels: Labels, writer: ProtobufWriter): boolean {
    const start = writer.length;
    const isWritten = this.#writer.write(labels, writer);
    const { fault, isAltered } = this.#writer;
    if (fault !== undefined) this.report(fault);
    if (!isWritten) return false;
    if (this.#labelSets === undefined && !isAltered) return true;
    const key = this.#keyOf(labels, start, writer);
    this.#labelSets ??= this.#labelSetsBefore(writer);
    const isFirst = this.#labelSets.add(key);
    if (!isFirst) this.report(SAME_LABELS);
    return isFirst;
  }

  /** Reports a fault of a metric once for the family. */
  report(reason: string): void {
    this.#reportOnce(this.#family.name, reason);
  }

  /** Those of all metrics before: until now, nothing was left out of any, and so they could not be equal. */
  #labelSetsBefore(writer: ProtobufWriter): LabelSets {
    this.#doubted.add(this.#family);
    const labelSets = new LabelSets();
    for (const labels of labelsBefore(this.#iterator, this.#family, this.index)) {
      const start = writer.length;
      if (this.#writer.write(labels, writer)) labelSets.add(this.#keyOf(labels, start, writer));
      writer.truncate(start);
    }
    return labelSets;
  }

  /** The bytes of labels, which end what was written, as a text: equal for those of one series. */
  #keyOf(labels: Labels, start: number, writer: ProtobufWriter): string {
    // Only what is written as it is has the names that it had.
    if (!this.#writer.isAltered) {
      const names = Object.keys(labels ?? {});
      if (this.#order.arrange(names) === names) return writer.latin1(start);
    }
    const end = writer.length;
    this.#writer.writeInOrder(labels, this.#order, writer);
    const key = writer.latin1(end);
    writer.truncate(end);
    return key;
  }
}
