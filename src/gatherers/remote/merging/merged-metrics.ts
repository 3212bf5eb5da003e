import type {
  Exemplar,
  HistogramMetric,
  Labels,
  Metric,
  SummaryMetric,
  ValueMetric,
} from "../../../model/metric-family.ts";
import type { KeptRun, RunReader } from "../../../model/metric-run.ts";
import type { SharedFamily } from "../received/shared-family.ts";

/** A metric that moves from slot to slot of a family, because most numbers are read without the rest. */
type Flyweight = Metric & { slot: number };

/** What was merged of a plain number. */
class MergedValue implements ValueMetric {
  slot = 0;
  readonly #shared: SharedFamily;

  constructor(shared: SharedFamily) {
    this.#shared = shared;
  }

  get identity(): number {
    return this.#shared.identityAt(this.slot);
  }

  get labels(): Labels {
    return this.#shared.table.labelsAt(this.slot);
  }

  get value(): number {
    return this.#shared.out[this.slot] as number;
  }

  get exemplar(): Exemplar | undefined {
    return this.#shared.exemplars.get(this.slot)?.[0];
  }
}

/** What was merged of histograms, or of the totals of summaries. */
class MergedDistribution implements HistogramMetric, SummaryMetric {
  slot = 0;
  readonly quantiles: readonly number[] = [];
  readonly quantileValues: readonly number[] = [];
  readonly #shared: SharedFamily;

  constructor(shared: SharedFamily) {
    this.#shared = shared;
  }

  /** None where counts may fall: others with the same total would look unchanged. */
  get identity(): number | undefined {
    const { type } = this.#shared;
    return type === "gaugehistogram" ? undefined : this.#shared.identityAt(this.slot);
  }

  get labels(): Labels {
    return this.#shared.table.labelsAt(this.slot);
  }

  get count(): number {
    const { out, stride } = this.#shared;
    return out[(this.slot + 1) * stride - 2] as number;
  }

  get sum(): number {
    const { out, stride } = this.#shared;
    return out[(this.slot + 1) * stride - 1] as number;
  }

  get upperBounds(): readonly number[] {
    return this.#shared.bounds[this.slot]?.values ?? [];
  }

  get cumulativeCounts(): ArrayLike<number> {
    const { out, stride } = this.#shared;
    const first = this.slot * stride;
    return out.subarray(first, first + this.upperBounds.length);
  }

  get exemplars(): ArrayLike<Exemplar | undefined> | undefined {
    return this.#shared.exemplars.get(this.slot);
  }
}

/**
 * A walk through what was merged of a family.
 *
 * While it pauses, the family may be merged again, and slots may get other label sets. It skips those that
 * are younger than itself, so that it never meets a label set twice.
 *
 * Hot path: all merged series pass here at each scrape.
 */
export class MergedWalk implements RunReader {
  readonly #shared: SharedFamily;
  readonly #flyweight: Flyweight;
  readonly #step: IteratorResult<Metric, undefined>;
  readonly #youngest: number;
  #slot = 0;

  constructor(shared: SharedFamily) {
    this.#shared = shared;
    this.#flyweight = shared.isDistribution
      ? new MergedDistribution(shared)
      : new MergedValue(shared);
    this.#step = { done: false, value: this.#flyweight };
    this.#youngest = shared.table.lastId;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Metric, undefined> {
    const slot = this.#find(this.#slot);
    if (slot < 0) return END;
    this.#slot = slot + 1;
    this.#flyweight.slot = slot;
    return this.#step;
  }

  readRun(run: KeptRun): number {
    return this.#shared.isDistribution ? this.#readDistributions(run) : this.#readValues(run);
  }

  #readValues({ identities, numbers, firstNumbers, changed, from, to, shape }: KeptRun): number {
    const shared = this.#shared;
    const { out, exemplars } = shared;
    const hasExemplars = shape.hasExemplars && exemplars.size > 0;
    // A value has one number, so those of a run are side by side.
    const offset = (firstNumbers[from] as number) - from;
    let entry = from;
    for (; entry < to; entry++) {
      const slot = this.#find(this.#slot);
      if (slot < 0 || shared.identityAt(slot) !== identities[entry]) break;
      if (hasExemplars && exemplars.has(slot)) break;
      this.#slot = slot + 1;
      const value = out[slot] as number;
      const old = numbers[offset + entry] as number;
      if (value === old || (Number.isNaN(value) && Number.isNaN(old))) continue;
      numbers[offset + entry] = value;
      changed.push(offset + entry);
    }
    return entry - from;
  }

  #readDistributions(run: KeptRun): number {
    const { identities, numbers, firstNumbers, from, to, shape } = run;
    const shared = this.#shared;
    const { out, stride, exemplars } = shared;
    if (shared.type === "gaugehistogram") return 0;
    let entry = from;
    for (; entry < to; entry++) {
      const slot = this.#find(this.#slot);
      if (slot < 0 || shared.identityAt(slot) !== identities[entry]) break;
      if (shape.hasExemplars && exemplars.has(slot)) break;
      const end = firstNumbers[entry + 1] as number;
      const last = (slot + 1) * stride;
      const hasSameTotals =
        numbers[end - shape.countFromEnd] === out[last - 2] &&
        numbers[end - shape.sumFromEnd] === out[last - 1];
      if (!hasSameTotals) {
        this.#flyweight.slot = slot;
        if (!run.compare(entry, this.#flyweight)) break;
      }
      this.#slot = slot + 1;
    }
    return entry - from;
  }

  /** The next slot that is served, from one on; -1 behind the last. */
  #find(from: number): number {
    const { present, table } = this.#shared;
    const { ids, length } = table;
    for (let slot = from; slot < length; slot++) {
      if (present[slot] === 1 && (ids[slot] as number) <= this.#youngest) return slot;
    }
    return -1;
  }
}

/** The end of any walk. */
export const END = { done: true, value: undefined } as const;
