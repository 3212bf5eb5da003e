import { SAME_LABELS } from "../../model/faults.ts";
import { labelsKey } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { Descriptor } from "./collected.ts";
import { createFlyweight } from "./points/flyweights.ts";
import { streamMetrics } from "./points/walk.ts";
import type { ExtraLabel, Series } from "./series.ts";
import type { Stream } from "./stream.ts";
import { EXPONENTIAL_HISTOGRAM, HISTOGRAM, type StreamKind } from "./stream-kind.ts";

/** What a family is made of. */
export interface FamilyOptions {
  readonly name: string;
  /** The suffix of its name; `""` for none. */
  readonly unit: string;
  readonly kind: StreamKind;
  /** The instrument of its first stream. */
  readonly descriptor: Descriptor;
  readonly hasClassicBuckets: boolean;
  /** Called for a point that cannot be served. */
  readonly onFault: (reason: string) => void;
}

/**
 * All streams of one name: a name must have one type and one help, whatever scopes its streams are of.
 *
 * Finds label sets that are equal. They are compared only if they can be equal, because the labels of some
 * stream may repeat (`LabelMaker`), or because two streams have no scope label that tells them apart.
 */
export class Family {
  readonly kind: StreamKind;
  readonly descriptor: Descriptor;
  /** The family; the same object as long as the gatherer lives. */
  readonly family: MetricFamily;
  readonly #streams: Stream[] = [];
  /** The label sets of all streams; absent as long as no two can be equal. */
  #keys: Set<string> | undefined;
  readonly #scopes = new Set<string>();
  #mayRepeat = false;
  #hasRepeated = false;

  constructor({ name, unit, kind, descriptor, hasClassicBuckets, onFault }: FamilyOptions) {
    this.kind = kind;
    this.descriptor = descriptor;
    // The kind decides what the flyweight is.
    this.family = {
      name,
      help: descriptor.description ?? "",
      unit: unit === "" ? undefined : unit,
      type: kind.type,
      aggregator: kind.aggregator,
      hasUniqueLabels: true,
      metrics: streamMetrics({
        streams: this.#streams,
        createFlyweight: () => createFlyweight(kind, hasClassicBuckets),
        shape:
          kind === HISTOGRAM ? "histogram" : kind === EXPONENTIAL_HISTOGRAM ? "other" : "value",
        onFault,
      }),
    } as MetricFamily;
  }

  /**
   * Adds a stream.
   *
   * @param isForeign Whether it is of a producer that may repeat label sets.
   */
  add(stream: Stream, scope: readonly ExtraLabel[], isForeign: boolean): void {
    this.#streams.push(stream);
    const { size } = this.#scopes;
    const isSameScope = this.#scopes.add(JSON.stringify(scope)).size === size;
    if (isSameScope || isForeign) this.#mayRepeat = true;
  }

  /** Makes a label set for each point that has none; yields where it may pause. */
  *grow(): Generator<undefined, void, undefined> {
    if (this.#keys !== undefined && this.#streams.some(({ isReset }) => isReset)) {
      // What was left out may have become the first.
      for (const stream of this.#streams) stream.reset();
      this.#keys = new Set();
      this.#hasRepeated = false;
    }
    let count = 0;
    for (const stream of this.#streams) {
      while (stream.isBehind) {
        const series = stream.makeNext();
        if (this.#mayRepeat || stream.labels.mayRepeat) this.#keys ??= yield* this.#knownKeys();
        stream.add(this.#isRepeated(series) ? { ...series, labels: undefined } : series);
        if (++count % SERIES_PER_STEP === 0) yield;
      }
    }
  }

  /** What to report of its label sets. */
  *faults(): Generator<string, void, undefined> {
    if (this.#hasRepeated) yield SAME_LABELS;
  }

  *#knownKeys(): Generator<undefined, Set<string>, undefined> {
    const keys = new Set<string>();
    for (const { series } of this.#streams) {
      for (const [index, { labels }] of series.entries()) {
        if (labels !== undefined) keys.add(labelsKey(labels));
        if (index % SERIES_PER_STEP === 0) yield;
      }
    }
    return keys;
  }

  #isRepeated({ labels }: Series): boolean {
    if (this.#keys === undefined || labels === undefined) return false;
    const { size } = this.#keys;
    const isRepeated = this.#keys.add(labelsKey(labels)).size === size;
    if (isRepeated) this.#hasRepeated = true;
    return isRepeated;
  }
}

/** How many label sets are made without a pause: about 0.1 ms. */
const SERIES_PER_STEP = 64;
