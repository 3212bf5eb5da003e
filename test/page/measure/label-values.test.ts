import assert from "node:assert/strict";
import { test } from "node:test";
import type { Labels, MetricFamily } from "../../../src/model/metric-family.ts";
import { countLabelValues, type LabelSize } from "../../../src/page/measure/label-values.ts";
import { gaugeOf } from "../../helpers/families.ts";

/** A family of `count` label sets, with `labels(index)` each. */
function familyOf(count: number, labels: (index: number) => Labels): MetricFamily {
  return gaugeOf({
    *[Symbol.iterator]() {
      for (let index = 0; index < count; index++) yield { labels: labels(index), value: 1 };
    },
  });
}

function count(family: MetricFamily, names: readonly string[]) {
  const steps = countLabelValues(family, names);
  let pauses = 0;
  for (;;) {
    const step = steps.next();
    if (step.done) return { pauses, labels: step.value };
    assert.equal(step.value.length, 0);
    pauses++;
  }
}

test("countLabelValues() counts the distinct values of each label", () => {
  const family = familyOf(1_000, (index) => ({ route: `/${index}`, code: index % 3, never: "" }));
  const labels: LabelSize[] = [
    { name: "route", values: 1_000, isAtLeast: false },
    { name: "code", values: 3, isAtLeast: false },
    { name: "never", values: 1, isAtLeast: false },
  ];
  assert.deepEqual(count(family, ["route", "code", "never"]), { pauses: 3, labels });
});

for (const { size, values, isAtLeast } of [
  { size: 20_000, values: 20_000, isAtLeast: false },
  { size: 20_001, values: 20_000, isAtLeast: true },
]) {
  test(`countLabelValues() counts ${values} values in ${size} label sets`, () => {
    const { labels } = count(
      familyOf(size, (index) => ({ id: index })),
      ["id"],
    );
    assert.deepEqual(labels, [{ name: "id", values, isAtLeast }]);
  });
}

test("countLabelValues() reads no family without labels", () => {
  const family = familyOf(1, () => assert.fail("it was read"));
  assert.deepEqual(count(family, []), { pauses: 0, labels: [] });
});
