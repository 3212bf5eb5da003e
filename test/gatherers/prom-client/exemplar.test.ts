import assert from "node:assert/strict";
import { test } from "node:test";
import { toExemplar } from "../../../src/gatherers/prom-client/exemplar.ts";

test("toExemplar() translates labels, value and seconds", () => {
  assert.deepEqual(toExemplar({ labelSet: { trace_id: "a" }, value: 0.3, timestamp: 1_700.5 }), {
    labels: { trace_id: "a" },
    value: 0.3,
    timestampMs: 1_700_500,
  });
});

test("toExemplar() takes an exemplar without labels and without a time", () => {
  assert.deepEqual(toExemplar({ value: 1 }), { labels: {}, value: 1, timestampMs: undefined });
});

for (const nothing of [null, undefined, {}, { labelSet: { a: "b" }, value: null }]) {
  test(`toExemplar() gives nothing for ${JSON.stringify(nothing)}`, () => {
    assert.equal(toExemplar(nothing), undefined);
  });
}
