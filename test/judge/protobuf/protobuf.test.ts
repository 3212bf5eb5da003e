import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ExpositionError } from "../types.ts";
import { BAD_PROTOBUF } from "./bad-protobuf.ts";
import { decodeFamilies, parseProtobuf } from "./protobuf.ts";
import { protoToSamples } from "./samples.ts";
import type { ProtoHistogram } from "./types.ts";
import { WireReader } from "./wire.ts";
import {
  delimited,
  double,
  doubleBytes,
  int,
  message,
  string,
  varint,
  zigzag,
} from "./wire-writer.ts";

for (const [name, input, expected] of BAD_PROTOBUF) {
  test(`parseProtobuf() rejects ${name}`, () => {
    assert.throws(
      () => parseProtobuf(Uint8Array.from(input)),
      (error) => error instanceof ExpositionError && expected.test(error.message),
    );
  });
}

const labels = (pairs: Record<string, string> = {}): Map<string, string> =>
  new Map(Object.entries(pairs));

const label = (name: string, value: string): number[] =>
  message(0x0a, string(0x0a, name), string(0x12, value));

const EMPTY_HISTOGRAM: ProtoHistogram = {
  sampleCount: 0,
  sampleSum: 0,
  buckets: [],
  negativeSpans: [],
  negativeDeltas: [],
  negativeCounts: [],
  positiveSpans: [],
  positiveDeltas: [],
  positiveCounts: [],
  exemplars: [],
};

/** Decodes the histogram of one metric. */
function parseHistogram(...parts: number[][]): ProtoHistogram | undefined {
  const family = delimited(string(0x0a, "h"), int(0x18, 4), message(0x22, message(0x3a, ...parts)));
  const [decoded] = parseProtobuf(Uint8Array.from(family));
  return decoded?.metrics[0]?.histogram;
}

test("parseProtobuf() accepts an empty body", () => {
  assert.deepEqual(parseProtobuf(new Uint8Array()), []);
});

test("parseProtobuf() reads what Go writes for a gauge of 3", () => {
  const body = Buffer.from("120a01671801220b12090900000000000008" + "40", "hex");
  assert.deepEqual(parseProtobuf(body), [
    { name: "g", type: "GAUGE", metrics: [{ labels: labels(), gauge: { value: 3 } }] },
  ]);
});

test("parseProtobuf() reads values, exemplars and times", () => {
  const timestamp = (tag: number): number[] =>
    message(tag, int(0x08, 1520879607), int(0x10, 789_000_000));
  const exemplar = message(0x12, label("id", "1"), double(0x11, 0.5), timestamp(0x1a));
  const body = [
    ...delimited(
      ...[
        string(0x0a, "c_seconds_total"),
        string(0x12, "é"),
        int(0x18, 0),
        string(0x2a, "seconds"),
      ],
      message(
        0x22,
        ...[label("b", "2"), label("a", "1"), int(0x30, -5)],
        message(0x1a, double(0x09, 2), exemplar, timestamp(0x1a)),
      ),
      message(0x22, message(0x1a)),
    ),
    ...delimited(string(0x0a, "u"), int(0x18, 3), message(0x22, message(0x2a, double(0x09, -0.5)))),
    ...delimited(
      ...[string(0x0a, "s"), int(0x18, 2)],
      message(
        0x22,
        message(
          0x22,
          ...[int(0x08, 3), double(0x11, 4), timestamp(0x22)],
          message(0x1a, double(0x09, 0.5), double(0x11, 1)),
          message(0x1a, double(0x09, 1)),
        ),
      ),
    ),
  ];
  const families = parseProtobuf(Uint8Array.from(body));
  assert.deepEqual(families, [
    {
      name: "c_seconds_total",
      help: "é",
      type: "COUNTER",
      unit: "seconds",
      metrics: [
        {
          labels: labels({ b: "2", a: "1" }),
          timestampMs: -5,
          counter: {
            value: 2,
            exemplar: { labels: labels({ id: "1" }), value: 0.5, timestampMs: 1520879607789 },
            createdTimestampMs: 1520879607789,
          },
        },
        { labels: labels(), counter: { value: 0 } },
      ],
    },
    { name: "u", type: "UNTYPED", metrics: [{ labels: labels(), untyped: { value: -0.5 } }] },
    {
      name: "s",
      type: "SUMMARY",
      metrics: [
        {
          labels: labels(),
          summary: {
            sampleCount: 3,
            sampleSum: 4,
            createdTimestampMs: 1520879607789,
            quantiles: [
              { quantile: 0.5, value: 1 },
              { quantile: 1, value: 0 },
            ],
          },
        },
      ],
    },
  ]);
  assert.deepEqual(protoToSamples(families), [
    {
      name: "c_seconds_total",
      type: "counter",
      help: "é",
      unit: "seconds",
      samples: [
        {
          name: "c_seconds_total",
          labels: labels({ a: "1", b: "2" }),
          value: 2,
          timestampMs: -5,
          exemplar: { labels: labels({ id: "1" }), value: 0.5, timestampMs: 1520879607789 },
        },
        { name: "c_seconds_total", labels: labels(), value: 0 },
      ],
    },
    { name: "u", type: "untyped", samples: [{ name: "u", labels: labels(), value: -0.5 }] },
    {
      name: "s",
      type: "summary",
      samples: [
        { name: "s", labels: labels({ quantile: "0.5" }), value: 1 },
        { name: "s", labels: labels({ quantile: "1.0" }), value: 0 },
        { name: "s_sum", labels: labels(), value: 4 },
        { name: "s_count", labels: labels(), value: 3 },
      ],
    },
  ]);
});

test("parseProtobuf() accepts UTF-8 names where they were negotiated", () => {
  const metric = message(0x22, label("b.c", "d"), message(0x12));
  const body = Uint8Array.from(delimited(string(0x0a, "a.b"), int(0x18, 1), metric));
  assert.equal(parseProtobuf(body, { utf8Names: true })[0]?.name, "a.b");
});

test("parseProtobuf() reads a classic histogram, and protoToSamples() completes it", () => {
  const bucket = (count: number, bound: number): number[] =>
    message(0x1a, int(0x08, count), double(0x11, bound));
  const exemplar = message(0x1a, double(0x11, 9));
  const body = delimited(
    ...[string(0x0a, "h"), int(0x18, 4)],
    message(
      0x22,
      label("a", "b"),
      message(0x3a, int(0x08, 3), double(0x11, 12.5), bucket(0, 0), bucket(2, 5)),
    ),
    message(
      0x22,
      message(
        0x3a,
        ...[int(0x08, 1), double(0x11, 9)],
        message(0x1a, int(0x08, 1), double(0x11, Infinity), exemplar),
      ),
    ),
  );
  const families = parseProtobuf(Uint8Array.from(body));
  assert.deepEqual(families[0]?.metrics[0]?.histogram, {
    ...EMPTY_HISTOGRAM,
    sampleCount: 3,
    sampleSum: 12.5,
    buckets: [
      { cumulativeCount: 0, upperBound: 0 },
      { cumulativeCount: 2, upperBound: 5 },
    ],
  });
  assert.deepEqual(protoToSamples(families), [
    {
      name: "h",
      type: "histogram",
      samples: [
        { name: "h_bucket", labels: labels({ a: "b", le: "0.0" }), value: 0 },
        { name: "h_bucket", labels: labels({ a: "b", le: "5.0" }), value: 2 },
        { name: "h_bucket", labels: labels({ a: "b", le: "+Inf" }), value: 3 },
        { name: "h_sum", labels: labels({ a: "b" }), value: 12.5 },
        { name: "h_count", labels: labels({ a: "b" }), value: 3 },
        {
          name: "h_bucket",
          labels: labels({ le: "+Inf" }),
          value: 1,
          exemplar: { labels: labels(), value: 9 },
        },
        { name: "h_sum", labels: labels(), value: 9 },
        { name: "h_count", labels: labels(), value: 1 },
      ],
    },
  ]);
});

test("parseProtobuf() reads a classic gauge histogram of float counts", () => {
  const bucket = message(0x1a, double(0x21, 1.5), double(0x11, 1));
  const body = delimited(
    ...[string(0x0a, "g"), int(0x18, 5)],
    message(0x22, message(0x3a, double(0x21, 2.5), bucket)),
  );
  const families = parseProtobuf(Uint8Array.from(body));
  assert.deepEqual(families[0]?.metrics[0]?.histogram, {
    ...EMPTY_HISTOGRAM,
    sampleCountFloat: 2.5,
    buckets: [{ cumulativeCount: 0, cumulativeCountFloat: 1.5, upperBound: 1 }],
  });
  assert.deepEqual(protoToSamples(families), [
    {
      name: "g",
      type: "gaugehistogram",
      samples: [
        { name: "g_bucket", labels: labels({ le: "1.0" }), value: 1.5 },
        { name: "g_bucket", labels: labels({ le: "+Inf" }), value: 2.5 },
        { name: "g_sum", labels: labels(), value: 0 },
        { name: "g_count", labels: labels(), value: 2.5 },
      ],
    },
  ]);
});

test("parseProtobuf() reads a native histogram, packed or not", () => {
  const head = [int(0x08, 10), double(0x11, 1), int(0x28, zigzag(-1)), double(0x31, 0.001)];
  const spans = [
    message(0x4a, int(0x08, zigzag(-3)), int(0x10, 1)),
    message(0x62, int(0x10, 2)),
    message(0x62, int(0x08, zigzag(5)), int(0x10, 1)),
  ];
  const tail = [int(0x38, 2), message(0x7a, int(0x08, -1))];
  const exemplar = message(0x82, double(0x11, 3), message(0x1a, int(0x08, 2)));
  const packed = [
    message(0x52, varint(zigzag(1))),
    message(0x6a, varint(zigzag(3)), varint(zigzag(-2)), varint(zigzag(2))),
  ];
  const unpacked = [int(0x50, zigzag(1)), ...[3, -2, 2].map((delta) => int(0x68, zigzag(delta)))];
  const expected: ProtoHistogram = {
    ...EMPTY_HISTOGRAM,
    sampleCount: 10,
    sampleSum: 1,
    schema: -1,
    zeroThreshold: 0.001,
    zeroCount: 2,
    negativeSpans: [{ offset: -3, length: 1 }],
    negativeDeltas: [1],
    positiveSpans: [
      { offset: 0, length: 2 },
      { offset: 5, length: 1 },
    ],
    positiveDeltas: [3, -2, 2],
    createdTimestampMs: -1000,
    exemplars: [{ labels: labels(), value: 3, timestampMs: 2000 }],
  };
  assert.deepEqual(parseHistogram(...head, ...spans, ...packed, ...tail, exemplar), expected);
  assert.deepEqual(parseHistogram(...head, ...spans, ...unpacked, ...tail, exemplar), expected);
});

test("parseProtobuf() reads a native histogram of float counts, packed or not", () => {
  const head = [double(0x21, 4.5), double(0x41, 0.5), double(0x31, 1)];
  const spans = [message(0x4a, int(0x10, 1)), message(0x62, int(0x10, 2))];
  const packed = [message(0x5a, doubleBytes(0.5)), message(0x72, doubleBytes(1.5), doubleBytes(2))];
  const unpacked = [double(0x59, 0.5), double(0x71, 1.5), double(0x71, 2)];
  const expected: ProtoHistogram = {
    ...EMPTY_HISTOGRAM,
    sampleCountFloat: 4.5,
    zeroCountFloat: 0.5,
    zeroThreshold: 1,
    negativeSpans: [{ offset: 0, length: 1 }],
    negativeCounts: [0.5],
    positiveSpans: [{ offset: 0, length: 2 }],
    positiveCounts: [1.5, 2],
  };
  assert.deepEqual(parseHistogram(...head, ...spans, ...packed), expected);
  assert.deepEqual(parseHistogram(...head, ...spans, ...unpacked), expected);
});

test("parseProtobuf() accepts what makes an empty native histogram known as one", () => {
  const noOpSpan = message(0x62, int(0x08, 0), int(0x10, 0));
  assert.equal(noOpSpan.toString(), "98,4,8,0,16,0");
  assert.ok(parseHistogram(int(0x28, zigzag(3)), noOpSpan));
  assert.ok(parseHistogram(int(0x28, zigzag(3)), double(0x31, 2 ** -128)));
});

test("parseProtobuf() accepts observations of NaN, which are in no bucket", () => {
  const numbers = [message(0x62, int(0x10, 1)), message(0x6a, varint(zigzag(1)))];
  assert.ok(parseHistogram(int(0x08, 2), double(0x11, Number.NaN), ...numbers));
});

test("decodeFamilies() keeps what is absent, and every digit", () => {
  const count = 2n ** 63n + 1n;
  const histogram = message(0x3a, int(0x08, count), message(0x6a, varint(zigzag(-1))));
  const family = delimited(string(0x0a, "h"), int(0x18, 4), message(0x22, histogram));
  assert.deepEqual(decodeFamilies(Uint8Array.from(family)), [
    {
      name: "h",
      type: 4n,
      metric: [{ histogram: { sample_count: count, positive_delta: [-1n] } }],
    },
  ]);
});

test("decodeFamilies() rejects repeated numbers that are not packed", () => {
  const histogram = message(0x3a, int(0x68, zigzag(-1)));
  const family = delimited(string(0x0a, "h"), int(0x18, 4), message(0x22, histogram));
  assert.throws(() => decodeFamilies(Uint8Array.from(family)), {
    name: "ExpositionError",
    message: "offset 10: Histogram has field 13 unpacked",
  });
});

test("WireReader reads every number that the wire can hold", () => {
  const reader = (bytes: readonly number[]): WireReader => new WireReader(Uint8Array.from(bytes));
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
      assert.equal(reader(varint(value)).varint(), value);
    }),
  );
  fc.assert(
    fc.property(fc.integer(), (value) => {
      assert.equal(reader(varint(value)).int64(), BigInt(value));
      assert.equal(reader(varint(zigzag(value))).sint32(), BigInt(value));
      assert.equal(reader(varint(zigzag(value))).sint64(), BigInt(value));
    }),
  );
  assert.equal(reader(varint(2n ** 32n - 1n)).uint32(), 2n ** 32n - 1n);
  assert.equal(reader(varint(2n ** 64n - 1n)).sint64(), -(2n ** 63n));
});
