import type { RememberingIterator } from "../../../model/labels-before.ts";
import type { Labels } from "../../../model/metric-family.ts";
import { type KeptRun, RUNS, type RunReader, type WithRuns } from "../../../model/metric-run.ts";
import type { DataPoint, HistogramValue } from "../collected.ts";
import type { Collected, Series, Stream } from "../stream.ts";
import type { Flyweight } from "./flyweights.ts";

/** What walks through the streams of a family need. */
export interface WalkOptions {
  /** The streams, which may become more. */
  readonly streams: readonly Stream[];
  /** Makes the metric that moves from point to point, one for each walk. */
  readonly createFlyweight: () => Flyweight;
  /** The type of points that can be read many at a time; absent for others. */
  readonly runs: "counter" | "gauge" | "histogram" | undefined;
  /** Called for a point that cannot be served. */
  readonly onFault: (reason: string) => void;
}

/** Returns the metrics of a family; any number of scrapes may iterate over them. */
export function streamMetrics(options: WalkOptions): Iterable<Flyweight> & Partial<WithRuns> {
  // Most families are small: constructing a walk costs more than walking one label set.
  let spare: StreamWalk | undefined;
  const giveBack = (walk: StreamWalk): void => {
    spare = walk;
  };
  const start = (): StreamWalk => {
    const walk = spare ?? new StreamWalk(options, giveBack);
    spare = undefined;
    walk.start();
    return walk;
  };
  return options.runs === undefined
    ? { [Symbol.iterator]: start }
    : { [Symbol.iterator]: start, [RUNS]: start };
}

/**
 * A walk through the points of all streams of a family, as they were collected when it began.
 *
 * Hot path: every label set of every scrape passes here; `npm run bench` measures it. Not a generator, which
 * takes twice as long per element; it returns the same result object each time.
 */
class StreamWalk implements RunReader, RememberingIterator {
  readonly #options: WalkOptions;
  readonly #flyweight: Flyweight;
  readonly #step: IteratorResult<Flyweight, undefined>;
  readonly #giveBack: (walk: StreamWalk) => void;
  #collected: readonly Collected[] = [];
  /** How many of them have been passed, without the current one. */
  #passed = 0;
  #points: readonly DataPoint[] = [];
  #series: readonly Series[] = [];
  /** How many points of the current stream have been passed. */
  #index = 0;

  constructor(options: WalkOptions, giveBack: (walk: StreamWalk) => void) {
    this.#options = options;
    this.#giveBack = giveBack;
    this.#flyweight = options.createFlyweight();
    this.#step = { done: false, value: this.#flyweight };
  }

  [Symbol.iterator](): this {
    return this;
  }

  start(): void {
    this.#collected = this.#options.streams.map(({ current }) => current);
    this.#enter(0);
  }

  next(): IteratorResult<Flyweight, undefined> {
    while (this.#hasPoint()) {
      const index = this.#index++;
      const point = this.#points[index] as DataPoint; // There is one.
      const series = this.#series[index] as Series; // Points are published when all have one.
      if (series.labels === undefined) continue;
      const fault = this.#flyweight.pointAt(point, series);
      if (fault === undefined) return this.#step;
      this.#options.onFault(fault);
    }
    return this.#end();
  }

  *labelsBefore(): Generator<Labels, void, undefined> {
    const collected = this.#collected;
    const passed = this.#passed;
    // The last one that was passed is the current one.
    const current = this.#index - 1;
    for (let at = 0; at <= passed; at++) {
      const { points = [], series = [] } = collected[at] ?? {};
      const end = at < passed ? points.length : current;
      for (const { labels } of series.slice(0, end)) if (labels !== undefined) yield labels;
    }
  }

  readRun(run: KeptRun): number {
    let entry = run.from;
    while (entry < run.to && this.#hasPoint()) {
      const end = Math.min(run.to, entry + this.#points.length - this.#index);
      const read =
        this.#options.runs === "histogram"
          ? this.#readHistograms(run, entry, end)
          : this.#readValues(run, entry, end);
      entry += read;
      this.#index += read;
      if (entry < end) break;
    }
    return entry - run.from;
  }

  /** Updates entries of plain values and returns how many; stops at the first unexpected point. */
  #readValues(run: KeptRun, from: number, to: number): number {
    const { identities, numbers, changed, shape } = run;
    const points = this.#points;
    const known = this.#series;
    const start = this.#index;
    const count = to - from;
    const first = run.firstNumbers[from] as number;
    let read = 0;
    for (; read < count; read++) {
      if (known[start + read] !== identities[from + read]) break;
      const { value, exemplars } = points[start + read] as DataPoint; // read < count
      if (typeof value !== "number") break;
      if (shape.hasExemplars && exemplars !== undefined) break;
      const old = numbers[first + read] as number;
      if (value === old || (Number.isNaN(value) && Number.isNaN(old))) continue;
      numbers[first + read] = value;
      changed.push(first + read);
    }
    return read;
  }

  /** The same for histograms. */
  #readHistograms(run: KeptRun, from: number, to: number): number {
    const { identities, numbers, firstNumbers, shape } = run;
    const points = this.#points;
    const known = this.#series;
    const start = this.#index;
    const count = to - from;
    let read = 0;
    for (; read < count; read++) {
      const entry = from + read;
      const point = points[start + read] as DataPoint<HistogramValue>; // read < count
      const series = known[start + read] as Series;
      if (series !== identities[entry]) break;
      const { buckets, count: total, sum }: Partial<HistogramValue> = point.value ?? {};
      if (buckets?.boundaries !== series.boundaries) break;
      if (shape.hasExemplars && point.exemplars !== undefined) break;
      const end = firstNumbers[entry + 1] as number;
      if (numbers[end - shape.countFromEnd] !== total || numbers[end - shape.sumFromEnd] !== sum) {
        const fault = this.#flyweight.pointAt(point, series);
        if (fault !== undefined || !run.compare(entry, this.#flyweight)) break;
      }
    }
    return read;
  }

  /** Whether there is another point, in the current stream or behind it, which it moves to. */
  #hasPoint(): boolean {
    while (this.#index >= this.#points.length) {
      if (this.#passed >= this.#collected.length) return false;
      this.#enter(this.#passed + 1);
    }
    return true;
  }

  #enter(at: number): void {
    const { points = [], series = [] } = this.#collected[at] ?? {};
    this.#passed = at;
    this.#points = points;
    this.#series = series;
    this.#index = 0;
  }

  #end(): IteratorResult<Flyweight, undefined> {
    this.#collected = [];
    this.#enter(0);
    this.#giveBack(this);
    return END;
  }
}

const END = { done: true, value: undefined } as const;
