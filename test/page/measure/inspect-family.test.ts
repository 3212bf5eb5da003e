import assert from "node:assert/strict";
import { test } from "node:test";
import type { Labels, MetricFamily } from "../../../src/model/metric-family.ts";
import { type FamilyDetail, inspectFamily } from "../../../src/page/measure/inspect-family.ts";
import { EVERY_TYPE, gaugeOf } from "../../helpers/families.ts";

function inspect(family: MetricFamily): FamilyDetail & { readonly pauses: number } {
  const steps = inspectFamily(family);
  for (let pauses = 0; ; pauses++) {
    const step = steps.next();
    if (step.done) return { ...step.value, pauses };
    assert.equal(step.value.length, 0);
  }
}

function familyOf(count: number, labels: (index: number) => Labels): MetricFamily {
  return gaugeOf({
    *[Symbol.iterator]() {
      for (let index = 0; index < count; index++) yield { labels: labels(index), value: index };
    },
  });
}

test("inspectFamily() lists the values of labels, the most frequent first", () => {
  const { labels, labelSets, series } = inspect(
    familyOf(10, (index) => ({ code: index < 7 ? 200 : 500, id: index })),
  );
  assert.deepEqual([labelSets, series], [10, 10]);
  assert.deepEqual(labels[0], {
    name: "code",
    values: [
      { value: "200", labelSets: 7 },
      { value: "500", labelSets: 3 },
    ],
    count: 2,
    isAtLeast: false,
  });
  assert.equal(labels[1]?.count, 10);
});

test("inspectFamily() bounds values, labels, samples and its steps", () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, id) => [`l${id}`, id]));
  const detail = inspect(familyOf(20_001, (index) => ({ id: index, ...many })));
  assert.equal(detail.labels.length, 32);
  const [id] = detail.labels;
  assert.deepEqual([id?.values.length, id?.count, id?.isAtLeast], [100, 20_000, true]);
  assert.equal(detail.samples.length, 200);
  assert.equal(detail.labelSets, 20_001);
  assert.ok(detail.pauses > 20_001 / 256);
});

test("inspectFamily() describes families of every type", () => {
  for (const family of EVERY_TYPE) {
    const { name, type, series, samples } = inspect(family);
    assert.deepEqual([name, type, samples.length], [family.name, family.type, series]);
  }
});
