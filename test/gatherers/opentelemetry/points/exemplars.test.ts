import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  CollectedExemplar,
  DataPoint,
} from "../../../../src/gatherers/opentelemetry/collected.ts";
import {
  bucketExemplarsOf,
  exemplarOf,
  exemplarsOf,
} from "../../../../src/gatherers/opentelemetry/points/exemplars.ts";

function pointWith(...exemplars: CollectedExemplar[]): DataPoint {
  return { attributes: {}, startTime: [0, 0], value: undefined, exemplars };
}

const PLAIN: CollectedExemplar = { value: 1, timestamp: [1_700_000_000, 500_000_000] };

/** The labels of the exemplar. */
const LABELS = [
  { name: "has no labels without a trace and attributes", given: {}, labels: {} },
  {
    name: "has the labels of its trace",
    given: { traceId: "t1", spanId: "s1" },
    labels: { trace_id: "t1", span_id: "s1" },
  },
  {
    name: "has its attributes under legal names",
    given: { traceId: "t1", filteredAttributes: { "user.id": 7, "1x": true, "": "none" } },
    labels: { user_id: "7", key_1x: "true", trace_id: "t1" },
  },
  {
    name: "prefers its trace to attributes of the same names",
    given: { traceId: "t1", filteredAttributes: { "trace.id": "a", span_id: "b" } },
    labels: { trace_id: "t1", span_id: "b" },
  },
  {
    name: "has its attributes up to 128 code points",
    given: { traceId: "t1", filteredAttributes: { a: "😀".repeat(117), b: "" } },
    labels: { a: "😀".repeat(117), trace_id: "t1" },
  },
  {
    name: "has none of its attributes above 128 code points",
    given: { traceId: "t1", filteredAttributes: { a: "x".repeat(117), b: "c" } },
    labels: { trace_id: "t1" },
  },
] as const;

for (const { name, given, labels } of LABELS) {
  test(`an exemplar ${name}`, () => {
    const exemplar = exemplarOf(pointWith({ ...PLAIN, ...given }));
    assert.deepEqual(exemplar, { labels, value: 1, timestampMs: 1_700_000_000_500 });
  });
}

test("a point without exemplars has none", () => {
  for (const point of [pointWith(), { ...pointWith(), exemplars: undefined }]) {
    assert.equal(exemplarsOf(point), undefined);
    assert.equal(exemplarOf(point), undefined);
    assert.equal(bucketExemplarsOf(point, [1]), undefined);
  }
});

test("what is not an exemplar is left out", () => {
  for (const exemplars of ["abc", {}, null, [null, undefined, 5, { value: "1" }]]) {
    assert.equal(exemplarsOf({ ...pointWith(), exemplars: exemplars as never }), undefined);
  }
  const bare = { value: 1, traceId: 7 } as unknown as CollectedExemplar;
  const exemplar = { labels: { trace_id: "7" }, value: 1, timestampMs: undefined };
  assert.deepEqual(exemplarOf(pointWith(bare)), exemplar);
});

test("exemplarOf() returns the latest", () => {
  const times = [2, 3, 1];
  const point = pointWith(...times.map((at) => ({ value: at, timestamp: [at, 0] as const })));
  assert.equal(exemplarOf(point)?.value, 3);
  assert.equal(exemplarsOf(point)?.length, 3);
});

test("bucketExemplarsOf() returns the latest of each bucket", () => {
  const at = (value: number, seconds: number): CollectedExemplar => ({
    value,
    timestamp: [seconds, 0],
  });
  const point = pointWith(at(1, 2), at(0.5, 1), at(1.5, 1), at(2, 4), at(100, 1));
  const exemplars = bucketExemplarsOf(point, [0, 1, 2]);
  assert.deepEqual(
    exemplars?.map((exemplar) => exemplar?.value),
    [undefined, 1, 2, 100],
  );
});
