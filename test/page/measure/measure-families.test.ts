import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricFamily, ValueMetric } from "../../../src/model/metric-family.ts";
import {
  type FamilySizes,
  MAX_LISTED,
  measureFamilies,
} from "../../../src/page/measure/measure-families.ts";
import { EVERY_TYPE, gaugeOf } from "../../helpers/families.ts";
import { gathererWith } from "../../helpers/gatherers.ts";
import { expose } from "../../helpers/scraping/gathering.ts";

interface Measured extends FamilySizes {
  readonly pauses: number;
  /** The families that threw. */
  readonly failed: readonly string[];
}

function measure(families: Iterable<MetricFamily>): Measured {
  const failed: string[] = [];
  const steps = measureFamilies(families, (family) => failed.push(family));
  let pauses = 0;
  for (;;) {
    const step = steps.next();
    if (step.done) return { ...step.value, pauses, failed };
    assert.equal(step.value.length, 0);
    pauses++;
  }
}

/** A gauge of `count` label sets. */
function gauge(name: string, count: number): MetricFamily {
  const metrics = Array.from({ length: count }, (_, id) => ({ labels: { id }, value: 1 }));
  return gaugeOf(metrics, name);
}

test("measureFamilies() counts as many series as a scrape of text has lines", async () => {
  const { largest, total } = measure(EVERY_TYPE);
  for (const family of EVERY_TYPE) {
    const { text } = await expose(gathererWith(family));
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const size = largest.find(({ name }) => name === family.name);
    assert.equal(size?.series, lines.length, family.name);
  }
  assert.deepEqual(total, { families: 8, labelSets: 12, series: 27 });
});

test("measureFamilies() describes a family", () => {
  const [family] = EVERY_TYPE;
  assert.deepEqual(measure(family === undefined ? [] : [family]).largest, [
    {
      name: "requests_total",
      help: 'Requests,\nby "path" \\ code.',
      type: "counter",
      labelSets: 2,
      series: 2,
      labels: [
        { name: "path", values: 2, isAtLeast: false },
        { name: "code", values: 2, isAtLeast: false },
      ],
    },
  ]);
});

test("measureFamilies() lists the largest first, and those of one size by name", () => {
  const { largest } = measure([gauge("b", 1), gauge("c", 2), gauge("a", 1), gauge("d", 3)]);
  assert.deepEqual(
    largest.map(({ name }) => name),
    ["d", "c", "a", "b"],
  );
});

test("measureFamilies() lists only the largest, and counts all", () => {
  const count = 2.5 * MAX_LISTED;
  const families = Array.from({ length: count }, (_, size) => gauge(`g${size}`, size % 7));
  const { largest, total, pauses } = measure(families);
  assert.equal(largest.length, MAX_LISTED);
  const sizes = families.map((_, size) => size % 7).sort((a, b) => b - a);
  assert.deepEqual(
    largest.map(({ series }) => series),
    sizes.slice(0, MAX_LISTED),
  );
  const series = sizes.reduce((sum, size) => sum + size, 0);
  assert.deepEqual(total, { families: count, labelSets: series, series });
  assert.equal(pauses, Math.floor(count / 256));
});

test("measureFamilies() counts label values only in the ten largest", () => {
  const families = Array.from({ length: 12 }, (_, size) => gauge(`g${size}`, size));
  const counted = measure(families).largest.filter(({ labels }) => labels[0]?.values !== undefined);
  assert.deepEqual(
    counted.map(({ labelSets, labels }) => [labelSets, labels[0]?.values]),
    [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((size) => [size, size]),
  );
});

test("measureFamilies() names the first 16 labels of a metric", () => {
  const labels = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`l${index}`, 1]));
  const { largest } = measure([gaugeOf([{ labels, value: 1 }])]);
  assert.equal(largest[0]?.labels.length, 16);
});

test("measureFamilies() pauses within a large family", () => {
  // Once for every 256 label sets: in the counting of series, and in that of values.
  assert.equal(measure([gauge("g", 1_024)]).pauses, 8);
});

test("measureFamilies() skips only a family that throws", () => {
  const throwing: Iterable<ValueMetric> = {
    [Symbol.iterator]: () => {
      throw new Error("no");
    },
  };
  const measured = measure([gauge("a", 1), gaugeOf(throwing, "bad"), gauge("z", 1)]);
  assert.deepEqual(measured.failed, ["bad"]);
  assert.deepEqual(measured.total, { families: 2, labelSets: 2, series: 2 });
});

test("measureFamilies() lists a family that can be read once, without the values of its labels", () => {
  let isRead = false;
  const once: Iterable<ValueMetric> = {
    *[Symbol.iterator]() {
      if (isRead) throw new Error("no");
      isRead = true;
      yield { labels: { a: 1 }, value: 1 };
    },
  };
  const { largest, failed } = measure([gaugeOf(once, "once")]);
  assert.deepEqual(largest[0]?.labels, [{ name: "a" }]);
  assert.deepEqual(failed, ["once"]);
});

test("measureFamilies() closes the iterator of a family when it is stopped", () => {
  let isClosed = false;
  const endless: Iterable<ValueMetric> = {
    *[Symbol.iterator]() {
      try {
        for (;;) yield { labels: {}, value: 1 };
      } finally {
        isClosed = true;
      }
    },
  };
  const steps = measureFamilies([gaugeOf(endless)], () => {});
  steps.next();
  steps.return({ largest: [], total: { families: 0, labelSets: 0, series: 0 } });
  assert.equal(isClosed, true);
});
