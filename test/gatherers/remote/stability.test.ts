import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockStore } from "../../../src/exposition/kept/store.ts";
import { createOpenMetricsEncoder } from "../../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { runReaderOf } from "../../../src/model/metric-run.ts";
import { encodeChunks, encodeFamilies } from "../../helpers/scraping/encode-families.ts";
import { parseText } from "../../judge/index.ts";
import { counterOf, gaugeOf, histogramOf, TestGroup } from "./workers.ts";

// Encoders keep bytes for as long as families, identities and lists are the same.

const NONE = {};

function familiesOf(value: number): MetricFamily[] {
  const native: MetricFamily = histogramOf("n", [1], [value, value], value, { a: "1" });
  return [
    counterOf("a_total", [{ x: "1" }, value], [{ x: "2" }, value]),
    gaugeOf("g", "max", [NONE, value]),
    gaugeOf("each", "perWorker", [NONE, value], [{ x: "1" }, value]),
    histogramOf("h", [1, 5], [value, value, value], value),
    native,
    counterOf("process_cpu_seconds_total", [NONE, value]),
  ];
}

function identitiesOf(families: readonly MetricFamily[]): unknown[][] {
  return families.map(({ metrics }) =>
    Array.from<{ identity?: unknown }, unknown>(metrics, ({ identity }) => identity),
  );
}

test("while only numbers change, lists, families and identities stay the same", () => {
  const group = new TestGroup();
  const workers = [group.join(familiesOf(1)), group.join(familiesOf(2))];
  const before = group.merge();
  assert.ok(Object.isFrozen(before));
  const identities = identitiesOf(before);
  for (const { length } of identities) assert.ok(length > 0);
  for (const [index, worker] of workers.entries()) group.answer(worker, familiesOf(index + 5));
  const after = group.merge();
  assert.equal(after, before);
  assert.deepEqual(identitiesOf(after), identities);
  const own = group.merged.familiesOf(workers[0]?.mirror ?? assert.fail());
  for (const worker of workers) group.answer(worker, familiesOf(9));
  assert.equal(group.merged.familiesOf(workers[0]?.mirror ?? assert.fail()), own);
});

test("another label set in a slot is another metric", () => {
  const group = new TestGroup();
  const worker = group.join([counterOf("a_total", [{ x: "1" }, 1], [{ x: "2" }, 1])]);
  const [before = []] = identitiesOf(group.merge());
  group.answer(worker, [counterOf("a_total", [{ x: "3" }, 1], [{ x: "2" }, 1])]);
  const [after = []] = identitiesOf(group.merge());
  assert.equal(new Set([...before, ...after]).size, 3);
  assert.deepEqual(group.lines().toSorted(), ['a_total{x="2"} 1', 'a_total{x="3"} 1']);
});

test("equal totals over other buckets are another metric", () => {
  // A reset that reaches the same count and sum before the next scrape, in the family of one worker.
  const group = new TestGroup({ mode: "label" });
  const worker = group.join([histogramOf("h", [1, 5], [2, 3, 4], 8)]);
  const lines = () => group.lines().filter((line) => line.includes('le="1"'));
  assert.deepEqual(lines(), ['h_bucket{le="1",worker="0"} 2']);
  group.answer(worker, [histogramOf("h", [1, 5], [1, 3, 4], 8)]);
  assert.deepEqual(lines(), ['h_bucket{le="1",worker="0"} 1']);
});

test("a worker that takes the slot of another is another metric", () => {
  const group = new TestGroup({ mode: "label" });
  const first = group.join([histogramOf("h", [1], [1, 2], 3)]);
  assert.equal(group.lines()[0], 'h_bucket{le="1",worker="0"} 1');
  group.retire(first);
  group.join([histogramOf("h", [1], [2, 2], 3)], { slot: 0 });
  assert.equal(group.lines()[0], 'h_bucket{le="1",worker="0"} 2');
});

for (const name of ["a_total", "h", "each"]) {
  test(`${name} is read many at a time while it is the same`, () => {
    const group = new TestGroup();
    group.join(familiesOf(1));
    group.join(familiesOf(2));
    const families = group.merge();
    const { metrics = [] } = families.find((family) => family.name === name) ?? {};
    const identities = Array.from<{ identity?: unknown }, unknown>(
      metrics,
      ({ identity }) => identity,
    );
    const width = name === "h" ? 5 : 1;
    const firstNumbers = Uint32Array.from(identities, (_, at) => at * width);
    const reader = runReaderOf(metrics);
    let compared = 0;
    const count = reader?.readRun({
      identities,
      firstNumbers: Uint32Array.of(...firstNumbers, identities.length * width),
      numbers: new Float64Array(identities.length * width),
      changed: [],
      from: 0,
      to: identities.length,
      shape: { hasExemplars: true, sumFromEnd: 1, countFromEnd: 3 },
      compare: () => compared++ >= 0,
    });
    assert.equal(count, identities.length);
    assert.equal(compared, name === "h" ? 1 : 0);
    assert.equal(reader?.next().done, true);
  });
}

for (const mode of ["aggregate", "label"] as const) {
  test(`a scrape that pauses meets no label set twice in the mode ${mode}`, () => {
    const group = new TestGroup({ mode });
    const many = (from: number, to: number, value: number) =>
      counterOf(
        "a_total",
        ...Array.from({ length: to - from }, (_, index) => {
          return [{ x: `${from + index}`.padStart(1_000, "0") }, value] as [
            Record<string, string>,
            number,
          ];
        }),
      );
    const worker = group.join([many(0, 1_000, 1)]);
    const encoder = createTextEncoder("underscores", new BlockStore(2 ** 24));
    for (let scrape = 0; scrape < 6; scrape++) {
      const text: string[] = [];
      let chunks = 0;
      for (const chunk of encodeChunks(encoder, group.merge(), assert.fail)) {
        text.push(Buffer.from(chunk).toString());
        if (chunks++ % 3 !== 0) continue;
        // Everything goes, and most of it comes again in other slots.
        group.answer(worker, [many(500, 1_000, scrape)]);
        group.answer(worker, [many(chunks, 900 + chunks, scrape)]);
        group.merge();
      }
      assert.ok(chunks > 3);
      // The judge refuses a series that is there twice.
      parseText(text.join(""));
    }
  });
}

test("the latest exemplar of each counter and bucket stays, even when its worker is gone", () => {
  const group = new TestGroup();
  const exemplar = (id: string, value: number, timestampMs: number) => ({
    labels: { id },
    value,
    timestampMs,
  });
  const families = (id: string, time: number): MetricFamily[] => [
    {
      ...counterOf("a_total"),
      metrics: [{ labels: {}, value: 1, exemplar: exemplar(id, 1, time) }],
    } as MetricFamily,
    {
      name: "h",
      help: "",
      type: "histogram",
      metrics: [
        {
          labels: {},
          count: 2,
          sum: 6,
          upperBounds: [1, 5],
          cumulativeCounts: [1, 2],
          exemplars: [exemplar(id, 0.5, time), time > 1_500 ? exemplar(id, 4, time) : undefined],
        },
      ],
    },
  ];
  const encoder = createOpenMetricsEncoder("underscores", new BlockStore(2 ** 20));
  const exemplars = () => {
    const { body } = encodeFamilies(encoder, group.merge());
    return body
      .split("\n")
      .flatMap((line) => /^(\w+\{?[^#]*) # (.*)$/.exec(line)?.slice(1).join(" <- ") ?? []);
  };
  const first = group.join(families("one", 2_000));
  const second = group.join(families("two", 1_000));
  const expected = [
    'a_total 2 <- {id="one"} 1 2',
    'h_bucket{le="1.0"} 2 <- {id="one"} 0.5 2',
    'h_bucket{le="5.0"} 4 <- {id="one"} 4 2',
  ];
  assert.deepEqual(exemplars(), expected);
  group.retire(first);
  assert.deepEqual(exemplars(), expected);
  group.answer(second, families("three", 3_000));
  assert.deepEqual(
    exemplars(),
    expected.map((line) => line.replace("one", "three").replace(/2$/, "3")),
  );
  // Fewer buckets: each exemplar is where its value is.
  group.join([histogramOf("h", [5], [1, 1], 1)], { slot: 5 });
  assert.deepEqual(exemplars().slice(1), ['h_bucket{le="5.0"} 5 <- {id="three"} 4 3']);
  const own = encodeFamilies(encoder, group.merged.familiesOf(second.mirror)).body;
  assert.match(own, /h_bucket\{le="1.0"\} 1 # \{id="three"\} 0.5 3\n/);
});
