import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nativeFault } from "../../../../src/exposition/protobuf/native-histogram.ts";
import type { ExponentialValue } from "../../../../src/gatherers/opentelemetry/collected.ts";
import {
  type ClassicBuckets,
  classicOf,
  faultOf,
  nativeOf,
} from "../../../../src/gatherers/opentelemetry/points/exponential.ts";
import type { NativeHistogram } from "../../../../src/model/metric-family.ts";
import { scaleRuns } from "../../../helpers/scale-runs.ts";
import { createSdkHistogram } from "./exponential-histogram.ts";

const EMPTY: ExponentialValue = {
  count: 0,
  sum: 0,
  scale: 0,
  zeroCount: 0,
  positive: { offset: 0, bucketCounts: [] },
  negative: { offset: 0, bucketCounts: [] },
};

test("nativeOf() writes the spans of the specification's example", () => {
  const positive = { offset: 3, bucketCounts: [10, 0, 0, 20, 5, 2] };
  assert.deepEqual(nativeOf({ ...EMPTY, count: 37, scale: 1, positive }), {
    schema: 1,
    zeroThreshold: 1e-128,
    zeroCount: 0,
    positiveSpans: [
      { offset: 4, length: 1 },
      { offset: 2, length: 3 },
    ],
    positiveCounts: [10, 20, 5, 2],
    negativeSpans: [],
    negativeCounts: [],
    exemplars: undefined,
  });
});

test("nativeOf() merges what is finer than schema 8, below index 0 too", () => {
  const buckets = { offset: -3, bucketCounts: [1, 2, 4, 8, 16] };
  const { schema, negativeSpans, negativeCounts } = nativeOf({
    ...EMPTY,
    scale: 9,
    negative: buckets,
  });
  // OpenTelemetry's -3 to 1 become -2, -1, -1, 0, 0, which Prometheus numbers one higher.
  assert.equal(schema, 8);
  assert.deepEqual(negativeSpans, [{ offset: -1, length: 3 }]);
  assert.deepEqual(negativeCounts, [1, 6, 24]);
});

const FAULTS = [
  { name: "nothing for scale -4", value: { ...EMPTY, scale: -4 }, fault: undefined },
  {
    name: "scale -5",
    value: { ...EMPTY, scale: -5 },
    fault: "the scale of an exponential histogram is below -4",
  },
  {
    name: "a missing sum",
    value: { ...EMPTY, sum: undefined },
    fault: "an exponential histogram has no sum",
  },
  {
    name: "missing buckets",
    value: { ...EMPTY, negative: undefined } as unknown as ExponentialValue, // a foreign producer
    fault: "an exponential histogram has no buckets",
  },
];

for (const { name, value, fault } of FAULTS) {
  test(`faultOf() finds ${name}`, () => {
    assert.equal(faultOf(value), fault);
  });
}

const CLASSIC = [
  {
    name: "has a bound for each octave and one for zeros",
    observations: [0, 0.1, 0.3, 1.5, 3, 100],
    upperBounds: [0, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128],
    cumulativeCounts: [1, 2, 2, 3, 3, 4, 5, 5, 5, 5, 5, 6],
  },
  {
    name: "has no bound for zeros where there are none",
    observations: [3],
    upperBounds: [4],
    cumulativeCounts: [1],
  },
  {
    name: "has only the bound 0 for zeros",
    observations: [0, 0],
    upperBounds: [0],
    cumulativeCounts: [2],
  },
  {
    name: "mirrors the bounds of numbers below zero",
    observations: [-3, -0.75, -0.75, 1.5],
    upperBounds: [-2, -1, -0.5, 0, 2],
    cumulativeCounts: [1, 1, 3, 3, 4],
  },
  {
    name: "counts a number below zero that is a bound in the next bucket",
    observations: [-2],
    upperBounds: [-1, 0],
    cumulativeCounts: [1, 1],
  },
  {
    name: "leaves the largest numbers to +Inf",
    observations: [2 ** 1_022, 1.5 * 2 ** 1_022, Number.MAX_VALUE],
    upperBounds: [2 ** 1_022, 2 ** 1_023],
    cumulativeCounts: [1, 2],
  },
];

for (const { name, observations, ...expected } of CLASSIC) {
  test(`classicOf() ${name}`, async () => {
    assert.deepEqual(classicOf(await recorded(160, observations)), expected);
  });
}

test("classicOf() has the buckets of a scale below 0 as they are", () => {
  const value = {
    ...EMPTY,
    scale: -2,
    zeroCount: 1,
    positive: { offset: -1, bucketCounts: [2, 0, 3] },
    negative: { offset: 0, bucketCounts: [5] },
  };
  assert.deepEqual(classicOf(value), {
    upperBounds: [-1, 0, 1, 16, 256],
    cumulativeCounts: [5, 6, 8, 8, 11],
  });
});

test("classicOf() returns the bounds before as long as they are the same", async () => {
  const histogram = createSdkHistogram(160);
  for (const value of [1, 10]) histogram.record(value);
  const first = classicOf(await histogram.collect());
  histogram.record(5);
  const second = classicOf(await histogram.collect(), first.upperBounds);
  assert.equal(second.upperBounds, first.upperBounds);
  assert.deepEqual(second.cumulativeCounts, [1, 1, 1, 2, 3]);
  histogram.record(17);
  const third = classicOf(await histogram.collect(), second.upperBounds);
  assert.deepEqual(third.upperBounds, [1, 2, 4, 8, 16, 32]);
  assert.deepEqual(first.upperBounds, [1, 2, 4, 8, 16]);
});

/** Observations that spread so far that the SDK has to go down to about a scale. */
const recordings = fc
  .record({
    maxSize: fc.constantFrom(2, 20, 160),
    scale: fc.integer({ min: -5, max: 11 }),
    center: fc.integer({ min: -20, max: 20 }),
    areSigned: fc.boolean(),
  })
  .chain(({ maxSize, scale, center, areSigned }) => {
    // In octaves, on each side. The SDK counts what is below the smallest normal number as if it were that.
    const spread = Math.min(0.45 * maxSize * 2 ** -scale, 1_000);
    const near = fc
      .double({ min: -1, max: 1, noNaN: true })
      .map((at) => center + at * spread)
      .filter(isOffBounds);
    const whole = fc.integer({ min: Math.ceil(-spread), max: Math.floor(spread) });
    const magnitude = fc.oneof(
      near.map((octave) => 2 ** octave),
      whole.map((octave) => 2 ** (center + octave)),
      fc.constant(0),
    );
    const sign = areSigned ? fc.constantFrom(1, -1) : fc.constant(1);
    const observation = fc.tuple(magnitude, sign).map(([value, factor]) => value * factor);
    return fc.array(observation, { maxLength: 60 }).map((values) => ({
      maxSize,
      values: [2 ** (center - spread), 2 ** (center + spread), ...values],
    }));
  });

/** The logarithm of the SDK may round what is next to a bound to the other side of it. */
function isOffBounds(octave: number): boolean {
  const bucket = octave * 2 ** 8;
  return Math.abs(bucket - Math.round(bucket)) > 1e-6;
}

test("random histograms of the SDK keep each observation in its bucket, native and classic", async () => {
  const scales = new Set<number>();
  await fc.assert(
    fc.asyncProperty(recordings, async ({ maxSize, values }) => {
      // The SDK omits the sum, because there may be numbers below zero.
      const sum = values.reduce((total, value) => total + value, 0);
      const value = { ...(await recorded(maxSize, values)), sum };
      scales.add(value.scale);
      if (faultOf(value) !== undefined) return;
      const native = nativeOf(value);
      assert.equal(nativeFault(native, value.count, sum), undefined);
      assertHoldsNatively(native, values);
      assertCounts(classicOf(value), values);
    }),
    { numRuns: scaleRuns(1_200) },
  );
  for (let scale = -5; scale <= 11; scale++) assert.ok(scales.has(scale), `no scale ${scale}`);
});

test("bounds neither vanish nor fall while the scale is not below 0", async () => {
  await fc.assert(
    fc.asyncProperty(recordings, async ({ maxSize, values }) => {
      const histogram = createSdkHistogram(maxSize);
      let last: ClassicBuckets = { upperBounds: [], cumulativeCounts: [] };
      for (const observation of values) {
        histogram.record(observation);
        const value = await histogram.collect();
        if (value.scale < 0) return;
        const next = classicOf(value, last.upperBounds);
        const counts = new Map(
          next.upperBounds.map((bound, at) => [bound, next.cumulativeCounts[at]]),
        );
        for (const [at, bound] of last.upperBounds.entries()) {
          const count = counts.get(bound) ?? Number.NaN;
          assert.ok(count >= (last.cumulativeCounts[at] ?? 0), `${count} at ${bound}`);
        }
        last = next;
      }
    }),
    { numRuns: scaleRuns(100) },
  );
});

async function recorded(maxSize: number, values: readonly number[]): Promise<ExponentialValue> {
  const histogram = createSdkHistogram(maxSize);
  for (const value of values) histogram.record(value);
  return histogram.collect();
}

/** Distributes the observations to the buckets in order, and asserts that each is within its bucket. */
function assertHoldsNatively(native: NativeHistogram, values: readonly number[]): void {
  const { schema, zeroCount, positiveSpans, positiveCounts } = native;
  const { negativeSpans = [], negativeCounts = [] } = native;
  const base = 2 ** -schema;
  const assertSide = (spans: typeof positiveSpans, counts: ArrayLike<number>, side: number[]) => {
    const ascending = side.sort((one, other) => one - other);
    let index = 0;
    let at = 0;
    let taken = 0;
    for (const { offset, length } of spans) {
      index += offset;
      for (const end = index + length; index < end; index++) {
        const count = counts[at++] ?? Number.NaN;
        for (const value of ascending.slice(taken, taken + count)) {
          // Logarithms are not exact, and bounds that are no powers of two cannot be.
          const above = Math.log2(value) / base;
          const isWithin = above > index - 1 - 1e-6 && above <= index + 1e-6;
          assert.ok(isWithin, `${value} in bucket ${index} of schema ${schema}`);
        }
        taken += count;
      }
    }
    assert.equal(at, counts.length);
    assert.equal(taken, ascending.length);
  };
  assert.equal(zeroCount, values.filter((value) => value === 0).length);
  assertSide(
    positiveSpans,
    positiveCounts,
    values.filter((value) => value > 0),
  );
  assertSide(
    negativeSpans,
    negativeCounts,
    values.filter((value) => value < 0).map((value) => -value),
  );
}

/** Counts the observations again; one below zero that is a bound belongs to the next bucket. */
function assertCounts({ upperBounds, cumulativeCounts }: ClassicBuckets, values: number[]): void {
  const counted = upperBounds.map(
    (bound) => values.filter((value) => (bound < 0 ? value < bound : value <= bound)).length,
  );
  assert.deepEqual(cumulativeCounts, counted);
}
