import assert from "node:assert/strict";
import type {
  FamilyChange,
  FamilyHead,
  LayoutPiece,
  Row,
  RowShape,
  Snapshot,
} from "../../../src/gatherers/remote/snapshot.ts";
import type {
  Exemplar,
  HistogramMetric,
  Metric,
  MetricFamily,
  NativeHistogram,
} from "../../../src/model/metric-family.ts";

/** A row with what belongs to it. */
interface ReplayedRow {
  readonly row: Row;
  readonly exemplars: Map<number, Exemplar>;
  native?: NativeHistogram;
}

interface ReplayedFamily {
  readonly head: FamilyHead;
  readonly shapes: RowShape[];
  rows: ReplayedRow[];
  numbers: Float64Array;
}

const MAX_PIECE_BYTES = 65_536;

/**
 * The receiver of snapshots, as plainly as possible, for the tests of the sender. Everything but the
 * numbers reaches it as JSON.
 */
export class Replay {
  readonly #families = new Map<number, ReplayedFamily>();
  readonly #ids = new Set<number>();
  #order: readonly number[] = [];

  /** Applies a snapshot, and returns its families. */
  apply(snapshot: Snapshot): MetricFamily[] {
    for (const piece of snapshot.layout) {
      const text = JSON.stringify(piece);
      assert.ok(Buffer.byteLength(text) <= MAX_PIECE_BYTES, `${text.length} characters`);
      for (const change of JSON.parse(text) as LayoutPiece) this.#change(change);
    }
    const order = JSON.parse(JSON.stringify(snapshot.order)) as number[];
    assert.equal(new Set(order).size, order.length);
    if (!snapshot.isPartial) {
      for (const id of this.#families.keys()) if (!order.includes(id)) this.#families.delete(id);
    }
    this.#order = order;
    let at = 0;
    for (const id of order) {
      const family = this.#get(id);
      const count = family.rows.reduce((sum, { row }) => sum + widthOf(family, row), 0);
      family.numbers = snapshot.numbers.slice(at, at + count);
      at += count;
    }
    assert.equal(at, snapshot.numbers.length);
    return this.#order.map((id) => familyOf(this.#get(id)));
  }

  #change({ id, head, shapes = [], splices = [], exemplars = [], natives = [] }: FamilyChange) {
    if (head !== undefined) {
      assert.ok(!this.#ids.has(id), `the id ${id} is used again`);
      this.#ids.add(id);
      this.#families.set(id, { head, shapes: [], rows: [], numbers: new Float64Array(0) });
    }
    const family = this.#get(id);
    family.shapes.push(...shapes);
    for (const { at, removed, rows } of splices) {
      assert.ok(at + removed <= family.rows.length);
      const fresh = rows.map((row): ReplayedRow => ({ row, exemplars: new Map() }));
      family.rows.splice(at, removed, ...fresh);
    }
    for (const [row, bucket, exemplar] of exemplars) {
      const known = family.rows[row]?.exemplars;
      assert.ok(known);
      if (exemplar === null) assert.ok(known.delete(bucket));
      else known.set(bucket, exemplar);
    }
    for (const [row, native] of natives) {
      const known = family.rows[row];
      assert.ok(known);
      if (native === null) delete known.native;
      else known.native = native;
    }
  }

  #get(id: number): ReplayedFamily {
    const family = this.#families.get(id);
    assert.ok(family, `there is no family ${id}`);
    return family;
  }
}

function shapeOf({ shapes }: ReplayedFamily, row: Row): RowShape {
  const shape = shapes[row[0]];
  assert.ok(shape);
  assert.equal(row.length - 1, shape.names.length);
  return shape;
}

const TOTALS: Readonly<Record<string, number>> = { histogram: 2, gaugehistogram: 2, summary: 2 };

function widthOf(family: ReplayedFamily, row: Row): number {
  const { type, hasTimestamps, hasStartTimestamps } = family.head;
  return (
    shapeOf(family, row).bounds.length +
    (TOTALS[type] ?? 1) +
    Number(hasTimestamps === true) +
    Number(hasStartTimestamps === true)
  );
}

function familyOf(family: ReplayedFamily): MetricFamily {
  const { name, help, type, unit, aggregator } = family.head;
  let at = 0;
  const metrics = family.rows.map((row): Metric => {
    const numbers = [...family.numbers.subarray(at, at + widthOf(family, row.row))];
    at += numbers.length;
    return metricOf(family, row, numbers);
  });
  const given = Object.entries({ unit, aggregator }).filter(([, value]) => value !== undefined);
  // The type of a family decides that of its metrics.
  return { name, help, type, ...Object.fromEntries(given), metrics } as MetricFamily;
}

function metricOf(family: ReplayedFamily, replayed: ReplayedRow, numbers: number[]): Metric {
  const { head } = family;
  const { row, exemplars, native } = replayed;
  const [, ...values] = row;
  const { names, bounds } = shapeOf(family, row);
  const labels = Object.fromEntries(names.map((name, index) => [name, values[index]]));
  const start = head.hasStartTimestamps ? numbers.pop() : undefined;
  const timestamp = head.hasTimestamps ? numbers.pop() : undefined;
  const base = {
    labels,
    ...(timestamp === undefined || Number.isNaN(timestamp) ? {} : { timestampMs: timestamp }),
    ...(start === undefined || Number.isNaN(start) ? {} : { startTimestampMs: start }),
  };
  if (TOTALS[head.type] === undefined) {
    const exemplar = exemplars.get(0);
    return { ...base, value: Number(numbers[0]), ...(exemplar ? { exemplar } : {}) };
  }
  const [count = Number.NaN, sum = Number.NaN] = numbers.slice(bounds.length);
  const points = numbers.slice(0, bounds.length);
  if (head.type === "summary") {
    return { ...base, count, sum, quantiles: bounds, quantileValues: points };
  }
  const histogram: HistogramMetric = {
    ...base,
    count,
    sum,
    upperBounds: bounds,
    cumulativeCounts: points,
    ...(native ? { native } : {}),
  };
  if (exemplars.size === 0) return histogram;
  return {
    ...histogram,
    exemplars: [...bounds, 0].map((_, bucket) => exemplars.get(bucket)),
  };
}
