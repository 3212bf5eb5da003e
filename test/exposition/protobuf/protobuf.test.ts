import assert from "node:assert/strict";
import { test } from "node:test";
import { createProtobufEncoder } from "../../../src/exposition/protobuf/protobuf.ts";
import type { MetricFamily, ValueMetric } from "../../../src/model/metric-family.ts";
import { decodeFamilies } from "../../judge/index.ts";
import { encode, encodedFamily } from "./encode.ts";

function gauge(name: string, value: number, help = ""): MetricFamily {
  return { name, help, type: "gauge", metrics: [{ labels: {}, value }] };
}

/** The bytes of a double, in hexadecimal. */
const ONE = "000000000000f03f";
const TWO = "0000000000000040";
const THREE = "0000000000000840";

interface Golden {
  readonly name: string;
  readonly family: MetricFamily;
  /** In hexadecimal; the spaces are for the reader. */
  readonly bytes: string;
}

const GOLDENS: readonly Golden[] = [
  {
    name: "a gauge",
    family: gauge("g", 3),
    bytes: `12 0a0167 1801 220b 1209 09 ${THREE}`,
  },
  {
    name: "a counter with all that it can have",
    family: {
      name: "a_seconds_total",
      help: "é",
      type: "counter",
      unit: "seconds",
      metrics: [
        {
          labels: { l: "v" },
          value: 1,
          timestampMs: 300,
          startTimestampMs: 1_001.5,
          exemplar: { labels: { t: "1" }, value: 2, timestampMs: 2_000 },
        },
      ],
    },
    bytes: `57 0a0f 615f7365636f6e64735f746f74616c 1202 c3a9 1800 2a07 7365636f6e6473
      2235 0a06 0a016c 120176
      1a28 09 ${ONE} 1215 0a06 0a0174 120131 11 ${TWO} 1a02 0802 1a06 0801 10e0c65b
      30ac02`,
  },
  {
    name: "an untyped",
    family: { name: "u", help: "", type: "unknown", metrics: [{ labels: {}, value: 0 }] },
    bytes: "12 0a0175 1803 220b 2a09 09 0000000000000000",
  },
  {
    name: "a summary",
    family: {
      name: "s",
      help: "",
      type: "summary",
      metrics: [
        { labels: {}, count: 2, sum: 3, quantiles: [1], quantileValues: [2], startTimestampMs: 0 },
      ],
    },
    bytes: `2c 0a0173 1802 2225 2223 0802 11 ${THREE} 1a12 09 ${ONE} 11 ${TWO} 2202 0800`,
  },
  {
    name: "a classic histogram",
    family: {
      name: "h",
      help: "",
      type: "histogram",
      metrics: [{ labels: {}, count: 2, sum: 3, upperBounds: [1, 2], cumulativeCounts: [0, 1] }],
    },
    bytes: `2e 0a0168 1804 2227 3a25 0802 11 ${THREE} 1a0b 0800 11 ${ONE} 1a0b 0801 11 ${TWO}`,
  },
  {
    name: "a native histogram",
    family: {
      name: "h",
      help: "",
      type: "gaugehistogram",
      metrics: [
        {
          labels: {},
          count: 8,
          sum: 3,
          upperBounds: [],
          cumulativeCounts: [],
          native: {
            schema: -1,
            zeroThreshold: 2,
            zeroCount: 1,
            positiveSpans: [
              { offset: -3, length: 2 },
              { offset: 1, length: 1 },
            ],
            positiveCounts: [1, 3, 2],
            negativeSpans: [{ offset: 0, length: 1 }],
            negativeCounts: [1],
          },
        },
      ],
    },
    bytes: `3b 0a0168 1805 2234 3a32 0808 11 ${THREE} 2801 31 ${TWO} 3801
      4a04 0800 1001 5201 02 6204 0805 1002 6204 0802 1001 6a03 020401`,
  },
  {
    name: "a native histogram of fractions",
    family: {
      name: "h",
      help: "",
      type: "histogram",
      metrics: [
        {
          labels: {},
          count: 3,
          sum: 3,
          upperBounds: [],
          cumulativeCounts: [],
          native: {
            schema: 0,
            zeroThreshold: 0,
            zeroCount: 0.5,
            positiveSpans: [{ offset: 0, length: 2 }],
            positiveCounts: [1, 1.5],
          },
        },
      ],
    },
    bytes: `47 0a0168 1804 2240 3a3e 21 ${THREE} 11 ${THREE} 2800 31 0000000000000000
      41 000000000000e03f 6204 0800 1002 7210 ${ONE} 000000000000f83f`,
  },
];

for (const { name, family, bytes } of GOLDENS) {
  test(`createProtobufEncoder() writes ${name}`, () => {
    const encoded = encode([family]);
    assert.equal(encoded.bytes.toString("hex"), bytes.replace(/\s+/g, ""));
    assert.deepEqual(encoded.faults, []);
  });
}

test("createProtobufEncoder() writes info and stateset as gauges", () => {
  const metrics = [{ labels: { version: "1" }, value: 1 }];
  const info = encodedFamily({ name: "build", help: "", type: "info", metrics });
  assert.equal(info.name, "build_info");
  assert.equal(info.type, 1n);
  const stateset = encodedFamily({ name: "state", help: "", type: "stateset", metrics });
  assert.equal(stateset.name, "state");
  assert.equal(stateset.type, 1n);
});

const UNITS: readonly [string, MetricFamily["type"], string, string | undefined][] = [
  ["a_seconds", "gauge", "seconds", "seconds"],
  ["a_seconds_total", "counter", "seconds", "seconds"],
  ["a_seconds_total", "gauge", "seconds", undefined],
  ["a_seconds_total", "counter", "total", undefined],
  ["a", "gauge", "seconds", undefined],
  ["aseconds", "gauge", "seconds", undefined],
  ["seconds", "gauge", "seconds", undefined],
  ["a_", "gauge", "", undefined],
];

for (const [name, type, unit, expected] of UNITS) {
  test(`createProtobufEncoder() writes the unit ${unit} of the ${type} ${name}: ${expected}`, () => {
    // A type of plain numbers, as the table says.
    const family = { name, help: "", type, unit, metrics: [{ labels: {}, value: 1 }] };
    assert.equal(encodedFamily(family as MetricFamily).unit, expected);
  });
}

test("createProtobufEncoder() writes several families one after the other", () => {
  const { bytes, chunks } = encode([gauge("a", 1), gauge("b", 2)]);
  assert.equal(chunks.length, 1);
  assert.equal(bytes.toString("hex"), `120a01611801220b120909${ONE}120a01621801220b120909${TWO}`);
});

test("createProtobufEncoder() skips families without metrics", () => {
  const empty: MetricFamily = { name: "e", help: "Empty.", type: "gauge", metrics: [] };
  // Each value below is wrong on purpose.
  const faulty = [{ labels: {}, value: "1" }] as unknown as ValueMetric[];
  const skipped: MetricFamily = { name: "s", help: "", type: "gauge", metrics: faulty };
  assert.deepEqual(encode([]).chunks, []);
  assert.deepEqual(encode([empty]).chunks, []);
  const { bytes, faults } = encode([empty, gauge("g", 3), skipped]);
  assert.equal(bytes.toString("hex"), `120a01671801220b120909${THREE}`);
  assert.deepEqual(faults, ["s: a value is not a number"]);
});

test("createProtobufEncoder() keeps the first of two families of one escaped name", () => {
  const families = [gauge("a.b", 1), gauge("a_b", 2), gauge("", 3)];
  const escaped = encode(families);
  assert.deepEqual(
    decodeFamilies(escaped.bytes).map((family) => family.name),
    ["a_b"],
  );
  assert.deepEqual(escaped.faults, [
    "a_b: another family is already called a_b",
    ": a family has no name",
  ]);
  assert.deepEqual(
    decodeFamilies(encode(families, "allow-utf-8").bytes).map((family) => family.name),
    ["a.b", "a_b"],
  );
});

test("createProtobufEncoder() yields chunks of about 64 KiB", () => {
  const families = Array.from({ length: 500 }, (_, index) =>
    gauge(`g${index}`, index, "x".repeat(1_000)),
  );
  const { chunks, bytes } = encode(families);
  const sizes = chunks.map((chunk) => chunk.length);
  for (const size of sizes.slice(0, -1)) assert.ok(size >= 65_536 && size < 67_000, `${size}`);
  assert.equal(decodeFamilies(bytes).length, 500);
});

test("createProtobufEncoder() pauses while it collects a large family", () => {
  const metrics = Array.from({ length: 10_000 }, (_, index) => ({
    labels: { path: `/a/rather/long/path/${index}` },
    value: index,
  }));
  const large: MetricFamily = { name: "large", help: "", type: "gauge", metrics };
  const { chunks, bytes } = encode([gauge("before", 1), large, gauge("after", 2)]);
  const pauses = chunks.filter((chunk) => chunk.length === 0);
  assert.equal(pauses.length, Math.floor(bytes.length / 65_536));
  for (const chunk of chunks) assert.ok(chunk.length < 66_000, `${chunk.length}`);
  const families = decodeFamilies(bytes);
  assert.deepEqual(
    families.map((family) => family.name),
    ["before", "large", "after"],
  );
  assert.deepEqual(
    families[1]?.metric,
    metrics.map(({ labels, value }) => ({
      label: [{ name: "path", value: labels.path }],
      gauge: { value },
    })),
  );
});

test("createProtobufEncoder() pauses while all metrics are skipped", () => {
  const metrics = Array.from({ length: 2_500 }, () => ({ labels: {}, value: 1 }));
  const { chunks, bytes } = encode([{ name: "same", help: "", type: "gauge", metrics }]);
  assert.equal(chunks.filter((chunk) => chunk.length === 0).length, 2);
  assert.equal(decodeFamilies(bytes)[0]?.metric?.length, 1);
});

test("createProtobufEncoder() reads a metric only when it is asked for it", () => {
  let reads = 0;
  const metrics = (function* () {
    for (; reads < 100_000; reads++) yield { labels: { id: `${reads}` }, value: 1 };
  })();
  const steps = createProtobufEncoder("underscores").encode(
    [{ name: "live", help: "", type: "gauge", metrics }],
    assert.fail,
  );
  assert.deepEqual(steps.next(), { done: false, value: new Uint8Array(0) });
  assert.ok(reads < 5_000, `${reads}`);
});

test("createProtobufEncoder() lets pass what a metric throws", () => {
  const metric = {
    labels: {},
    get value(): number {
      throw new Error("no value");
    },
  };
  assert.throws(
    () => encode([{ name: "g", help: "", type: "gauge", metrics: [metric] }]),
    /no value/,
  );
});

test("createProtobufEncoder() keeps two expositions apart that run side by side", () => {
  const encoder = createProtobufEncoder("underscores");
  const metrics = Array.from({ length: 3_000 }, (_, index) => ({
    labels: { id: `a rather long value ${index}` },
    value: index,
  }));
  const families: MetricFamily[] = [{ name: "g", help: "", type: "gauge", metrics }];
  const runs = [0, 1].map(() => ({
    steps: encoder.encode(families, assert.fail),
    chunks: [] as Uint8Array[],
  }));
  for (let isDone = false; !isDone; ) {
    for (const { steps, chunks } of runs) {
      const step = steps.next();
      if (step.done === true) isDone = true;
      else chunks.push(step.value);
    }
  }
  const expected = encode(families).bytes;
  for (const { chunks } of runs) assert.ok(Buffer.concat(chunks).equals(expected));
});
