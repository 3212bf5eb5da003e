import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mirror } from "../../../src/gatherers/remote/mirror.ts";
import { Sender, totalsOf } from "../../../src/gatherers/remote/sender.ts";
import type { LayoutPiece, Snapshot } from "../../../src/gatherers/remote/snapshot.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import {
  applySnapshot,
  counterOf,
  gaugeOf,
  histogramOf,
  overTheWire,
  TestGroup,
  type TestWorker,
  takeSnapshot,
} from "./workers.ts";

// What goes on when a worker loses its connection, leaves, or gets another hub.

const NONE = {};

test("a worker that returns with another sender goes on where it was", () => {
  const group = new TestGroup();
  const worker = group.join([
    counterOf("a_total", [{ x: "1" }, 10]),
    gaugeOf("g", "sum", [NONE, 1]),
  ]);
  worker.mirror.renew();
  assert.deepEqual(group.lines(), ['a_total{x="1"} 10', "g 1"]);
  const sender = new Sender();
  const first = takeSnapshot(sender, [
    counterOf("b_total"),
    counterOf("a_total", [{ x: "1" }, 12]),
  ]);
  for (const piece of first.layout) worker.mirror.applyLayout(piece);
  assert.deepEqual(group.lines(), ['a_total{x="1"} 10', "g 1"]);
  // It loses its connection once more, before its numbers have come.
  worker.mirror.renew();
  applySnapshot(worker.mirror, takeSnapshot(new Sender(), [counterOf("a_total", [{ x: "1" }, 4])]));
  assert.deepEqual(group.lines(), ['a_total{x="1"} 14']);
  assert.equal(worker.mirror.seriesCount, 1);
});

test("final totals count, and what is not among them stays", () => {
  const group = new TestGroup();
  const families = (value: number): MetricFamily[] => [
    counterOf("a_total", [NONE, value]),
    gaugeOf("g", "sum", [NONE, value]),
    histogramOf("h", [1], [value, value], value),
  ];
  const worker = group.join([...families(1), counterOf("collected_total", [NONE, 7])]);
  worker.mirror.renew();
  applySnapshot(worker.mirror, { ...overTheWire(totalsOf(families(5))), isPartial: true });
  group.retire(worker);
  assert.deepEqual(
    group.lines().toSorted(),
    [
      "a_total 5",
      "collected_total 7",
      "h_count 5",
      'h_bucket{le="+Inf"} 5',
      'h_bucket{le="1"} 5',
      "h_sum 5",
    ].toSorted(),
  );
});

/** The ids of the counters and histograms below. */
const TOTALS: ReadonlySet<number> = new Set([0, 1]);

/** What a hub has kept of one worker: all pieces that carried its layout, and its last numbers. */
class Kept {
  readonly #layout: LayoutPiece[] = [];

  add({ layout }: Pick<Snapshot, "layout">): void {
    this.#layout.push(...layout);
  }

  applyTo(group: TestGroup, { order, numbers }: Pick<Snapshot, "order" | "numbers">): Mirror {
    const mirror = group.merged.createMirror();
    const layout = this.#layout.map((piece) =>
      piece.map(({ id, head, shapes, splices }) => ({ id, head, shapes, splices })),
    );
    applySnapshot(mirror, overTheWire({ layout, order, isPartial: false, numbers }));
    return mirror;
  }
}

function answerKept(worker: TestWorker, families: MetricFamily[], kept: Kept): void {
  const snapshot = takeSnapshot(worker.sender, families);
  kept.add(snapshot);
  applySnapshot(worker.mirror, snapshot);
}

test("the next hub goes on with the numbers that the last one has taken", () => {
  const last = new TestGroup();
  const worker = last.join([]);
  const kept = new Kept();
  answerKept(worker, [counterOf("a_total", [{ x: "1" }, 1], [{ x: "2" }, 2])], kept);
  answerKept(
    worker,
    [
      counterOf("a_total", [{ x: "2" }, 3]),
      histogramOf("h", [1], [1, 2], 3),
      gaugeOf("g", "sum", [NONE, 1]),
    ],
    kept,
  );
  const taken = worker.mirror.takeNumbers(TOTALS);
  assert.ok(taken !== undefined);
  assert.deepEqual([...taken.numbers], [3, 1, 2, 3]);
  const next = new TestGroup();
  const mirror = kept.applyTo(next, taken);
  next.workers.push({ ...worker, mirror, isCurrent: false });
  const expected = [
    'a_total{x="2"} 3',
    'h_bucket{le="1"} 1',
    'h_bucket{le="+Inf"} 2',
    "h_sum 3",
    "h_count 2",
  ];
  assert.deepEqual(next.lines(), expected);
  next.workers.pop();
  next.merged.retire(mirror);
  assert.deepEqual(next.lines(), expected);
});

test("in the middle of a change nothing is taken", () => {
  const group = new TestGroup();
  const worker = group.join([counterOf("a_total", [NONE, 1])]);
  assert.ok(worker.mirror.takeNumbers(TOTALS) !== undefined);
  const snapshot = takeSnapshot(worker.sender, [counterOf("a_total", [NONE, 1], [{ x: "1" }, 1])]);
  for (const piece of snapshot.layout) worker.mirror.applyLayout(piece);
  assert.equal(worker.mirror.takeNumbers(TOTALS), undefined);
  const { layout: _, ...numbers } = snapshot;
  worker.mirror.applyNumbers(numbers);
  assert.deepEqual(worker.mirror.takeNumbers(TOTALS)?.numbers, new Float64Array([1, 1]));
  const families = [
    counterOf("a_total", [NONE, 1], [{ x: "1" }, 1]),
    counterOf("b_total", [NONE, 4]),
  ];
  const { layout: added, ...rest } = takeSnapshot(worker.sender, families);
  for (const piece of added) worker.mirror.applyLayout(piece);
  assert.equal(worker.mirror.takeNumbers(TOTALS), undefined);
  worker.mirror.applyNumbers(rest);
  assert.deepEqual(worker.mirror.takeNumbers(TOTALS)?.numbers, new Float64Array([1, 1, 4]));
  worker.mirror.renew();
  assert.deepEqual(worker.mirror.takeNumbers(TOTALS)?.numbers, new Float64Array([1, 1, 4]));
});

test("what is retained is taken when it has changed, and the next hub goes on with it", () => {
  const group = new TestGroup();
  const kept = new Kept();
  let taken: Pick<Snapshot, "order" | "numbers"> | undefined;
  const take = () => {
    const retained = group.merged.takeRetained();
    if (retained === undefined) return false;
    kept.add(retained);
    taken = retained;
    return true;
  };
  assert.equal(take(), false);
  const families = (value: number): MetricFamily[] => [
    counterOf("a_total", [{ x: "1" }, value], [NONE, value]),
    counterOf("process_cpu_seconds_total", [NONE, value]),
    histogramOf("h", [1, 5], [value, value, value], value),
  ];
  group.retire(group.join(families(1)));
  assert.equal(take(), true);
  assert.equal(take(), false);
  // Its label set goes, another comes, and the bounds change.
  const second = group.join([...families(2).slice(1), counterOf("a_total", [{ x: "1" }, 2])]);
  assert.equal(take(), false);
  group.answer(second, [
    counterOf("a_total", [{ x: "2" }, 5], [NONE, 1]),
    histogramOf("h", [1], [3, 3], 3),
    counterOf("b_total", [NONE, 3]),
  ]);
  group.merge();
  group.retire(second);
  assert.equal(take(), true);
  const expected = group.lines();
  assert.deepEqual(expected, [
    "a_total 2",
    'a_total{x="2"} 5',
    'h_bucket{le="1"} 4',
    'h_bucket{le="+Inf"} 4',
    "h_sum 4",
    "h_count 4",
    "b_total 3",
  ]);
  const next = new TestGroup();
  assert.ok(taken !== undefined);
  next.merged.retire(kept.applyTo(next, taken));
  assert.deepEqual(next.lines().toSorted(), expected.toSorted());
  assert.equal(next.merged.takeRetained()?.numbers.length, taken.numbers.length);
});
