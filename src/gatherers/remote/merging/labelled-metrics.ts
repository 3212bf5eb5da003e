import type {
  Exemplar,
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
  NativeHistogram,
  SummaryMetric,
  ValueMetric,
} from "../../../model/metric-family.ts";
import { type KeptRun, RUNS, type RunReader } from "../../../model/metric-run.ts";
import type { Rows } from "../received/rows.ts";
import { setLabel } from "../received/series-table.ts";
import type { WorkerFamily } from "../received/worker-family.ts";
import { END } from "./merged-metrics.ts";

/** What is read of one family of one worker, and how. */
export interface LabelledRows {
  readonly family: WorkerFamily;
  /** The label that names the worker; absent where only this one was asked for. */
  readonly label?: { readonly name: string; readonly value: string } | undefined;
  /** Whether only native histograms are read; the others are merged. */
  readonly isNativeOnly?: boolean | undefined;
}

/** How many serials an identity can tell apart: more than were ever in use between two scrapes. */
const SERIALS = 2 ** 20;

/** A row of one worker, as the layout and the numbers were when the walk began. */
class RowMetric implements ValueMetric, HistogramMetric, SummaryMetric {
  row = 0;
  slot = 0;
  readonly rows: Rows;
  readonly numbers: Float64Array;
  readonly #source: LabelledRows;

  constructor(source: LabelledRows) {
    this.#source = source;
    this.rows = source.family.rows;
    this.numbers = source.family.numbers;
  }

  /** Negative, because those of merged metrics are not. */
  get identity(): number | undefined {
    const { shared, serial } = this.#source.family;
    if (shared.type === "gaugehistogram") return undefined;
    return -((shared.table.ids[this.slot] as number) * SERIALS + (serial % SERIALS));
  }

  get labels(): Labels {
    const { family, label } = this.#source;
    const labels = family.shared.table.labelsAt(this.slot);
    // The application's own label of that name wins.
    if (label !== undefined && !Object.hasOwn(labels, label.name)) {
      setLabel(labels as Record<string, string>, label.name, label.value);
    }
    return labels;
  }

  get value(): number {
    return this.numbers[this.#first] as number;
  }

  get exemplar(): Exemplar | undefined {
    return this.exemplars?.[0];
  }

  get count(): number {
    return this.numbers[this.#first + this.upperBounds.length] as number;
  }

  get sum(): number {
    return this.numbers[this.#first + this.upperBounds.length + 1] as number;
  }

  get upperBounds(): readonly number[] {
    return this.rows.shapeAt(this.row).bounds.values;
  }

  get cumulativeCounts(): Float64Array {
    return this.numbers.subarray(this.#first, this.#first + this.upperBounds.length);
  }

  get exemplars(): (Exemplar | undefined)[] | undefined {
    return this.#source.family.exemplars.get(this.slot);
  }

  get native(): NativeHistogram | undefined {
    return this.#source.family.natives.get(this.slot);
  }

  get quantiles(): readonly number[] {
    return this.upperBounds;
  }

  get quantileValues(): Float64Array {
    return this.cumulativeCounts;
  }

  get timestampMs(): number | undefined {
    const { hasTimestamps, hasStartTimestamps } = this.#source.family.head;
    return hasTimestamps ? this.#fromEnd(hasStartTimestamps ? 2 : 1) : undefined;
  }

  get startTimestampMs(): number | undefined {
    return this.#source.family.head.hasStartTimestamps ? this.#fromEnd(1) : undefined;
  }

  get #first(): number {
    return this.rows.firstOf(this.row);
  }

  #fromEnd(distance: number): number | undefined {
    const { width } = this.rows.shapeAt(this.row);
    const value = this.numbers[this.#first + width - distance] as number;
    return Number.isNaN(value) ? undefined : value;
  }
}

/**
 * A walk through the rows of one family of several workers, one after the other.
 *
 * It reads the rows that there were when it came to a worker, even if the layout changes while it pauses,
 * except those whose label set is gone.
 */
export class LabelledWalk implements RunReader {
  readonly #sources: readonly LabelledRows[];
  #next = 0;
  #metric: RowMetric | undefined;
  #isNativeOnly = false;
  #youngest = 0;
  #row = 0;
  #table: WorkerFamily["shared"]["table"] | undefined;
  #natives: WorkerFamily["natives"] | undefined;

  constructor(sources: readonly LabelledRows[]) {
    this.#sources = sources;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Metric, undefined> {
    const metric = this.#peek();
    if (metric === undefined) return END;
    this.#row++;
    return { done: false, value: metric };
  }

  readRun(run: KeptRun): number {
    const { identities, numbers, firstNumbers, changed, from, to, shape } = run;
    let entry = from;
    for (; entry < to; entry++) {
      const metric = this.#peek();
      if (metric === undefined || metric.identity !== identities[entry]) break;
      if (metric.identity === undefined || metric.timestampMs !== undefined) break;
      if (shape.hasExemplars && metric.exemplars !== undefined) break;
      const first = firstNumbers[entry] as number;
      const isValue = (firstNumbers[entry + 1] as number) === first + 1;
      if (!isValue) {
        if (!run.compare(entry, metric)) break;
      } else {
        const { value } = metric;
        const old = numbers[first] as number;
        if (value !== old && !(Number.isNaN(value) && Number.isNaN(old))) {
          numbers[first] = value;
          changed.push(first);
        }
      }
      this.#row++;
    }
    return entry - from;
  }

  /** The metric of the next row that is still there. */
  #peek(): RowMetric | undefined {
    for (;;) {
      const metric = this.#metric;
      if (metric === undefined || this.#row >= metric.rows.length) {
        if (!this.#open()) return undefined;
        continue;
      }
      const slot = metric.rows.counted[this.#row] as number;
      if (this.#isServed(slot)) {
        metric.row = this.#row;
        metric.slot = slot;
        return metric;
      }
      this.#row++;
    }
  }

  #isServed(slot: number): boolean {
    if (slot < 0) return false;
    const id = this.#table?.ids[slot] as number;
    if (id === 0 || id > this.#youngest) return false;
    return !this.#isNativeOnly || this.#natives?.has(slot) === true;
  }

  #open(): boolean {
    const source = this.#sources[this.#next++];
    if (source === undefined) return false;
    const { family, isNativeOnly = false } = source;
    this.#metric = new RowMetric(source);
    this.#isNativeOnly = isNativeOnly;
    this.#table = family.shared.table;
    this.#natives = family.natives;
    this.#youngest = family.shared.table.lastId;
    this.#row = 0;
    return true;
  }
}

/** One family of one worker, as if that were a process of its own; always the same object. */
export function ownFamily(family: WorkerFamily): MetricFamily {
  if (family.ownFamily === undefined) {
    const { name, help, type, unit } = family.head;
    const sources = [{ family }];
    const start = () => new LabelledWalk(sources);
    const metrics: Iterable<Metric> = Object.assign(
      { [Symbol.iterator]: start },
      { [RUNS]: start },
    );
    // The type decides what kind of metrics these are.
    family.ownFamily = { name, help, type, unit, hasUniqueLabels: true, metrics } as MetricFamily;
  }
  return family.ownFamily;
}
