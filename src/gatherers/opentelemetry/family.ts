import { SAME_LABELS } from "../../model/faults.ts";
import { labelsKey } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { ExtraLabel } from "./naming/extra-labels.ts";
import { createFlyweight } from "./points/flyweights.ts";
import { streamMetrics } from "./points/walk.ts";
import type { Series, Stream } from "./stream.ts";
import { EXPONENTIAL_HISTOGRAM, type StreamKind } from "./stream-kind.ts";

/** What all streams of a family share. */
export interface FamilyHeading {
  readonly name: string;
  readonly help: string;
  /** The word for the unit; `""` for none. */
  readonly unit: string;
  /** The suffix of the name that is the unit; `""` for none. */
  readonly suffix: string;
  readonly kind: StreamKind;
}

/** What reading the points of a family needs. */
export interface FamilyOptions {
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
  /** The family; the same object as long as the gatherer lives. */
  readonly family: MetricFamily;
  readonly #heading: FamilyHeading;
  readonly #streams: Stream[] = [];
  /** The label sets of all streams; absent as long as no two can be equal. */
  #keys: Set<string> | undefined;
  readonly #scopes = new Set<string>();
  #mayRepeat = false;
  #hasRepeated = false;

  constructor(heading: FamilyHeading, { hasClassicBuckets, onFault }: FamilyOptions) {
    const { name, help, suffix, kind } = heading;
    this.kind = kind;
    this.#heading = heading;
    // Cast: the kind decides both the type and what the metrics are.
    this.family = {
      name,
      help,
      unit: suffix === "" ? undefined : suffix,
      type: kind.type,
      aggregator: kind.aggregator,
      hasUniqueLabels: true,
      metrics: streamMetrics({
        streams: this.#streams,
        createFlyweight: () => createFlyweight(kind, hasClassicBuckets),
        runs: kind === EXPONENTIAL_HISTOGRAM ? undefined : kind.type,
        onFault,
      }),
    } as MetricFamily;
  }

  /**
   * What to report of a stream with another help or unit than the first. Its points are served (HELP and UNIT
   * conflicts, SHOULD).
   */
  conflictsWith({ help, unit }: Pick<FamilyHeading, "help" | "unit">): string[] {
    const first = this.#heading;
    const conflicts: string[] = [];
    if (help !== first.help) conflicts.push("help conflict: kept the first, not that");
    if (unit !== first.unit) conflicts.push("unit conflict: kept the first, not that");
    return conflicts;
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
        if (this.#mayRepeat || stream.mayRepeat) this.#keys ??= yield* this.#knownKeys();
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
