import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockStore } from "../../../../src/exposition/kept/store.ts";
import { createTextEncoder } from "../../../../src/exposition/text/text.ts";
import type { ExponentialValue } from "../../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../../src/gatherers/opentelemetry/gatherer.ts";
import { ExponentialFlyweight } from "../../../../src/gatherers/opentelemetry/points/exponential-flyweight.ts";
import { encodeFamilies, lines } from "../../../helpers/scraping/encode-families.ts";
import { createContext, expose, gatherAll } from "../../../helpers/scraping/gathering.ts";
import { TestGroup } from "../../remote/workers.ts";
import { metric, point, readerOf, scope } from "../collections.ts";
import { createSdkHistogram } from "./exponential-histogram.ts";

/** One bucket of scale 0 for each of the counts, from 1 on. */
function counted(...bucketCounts: readonly number[]): ExponentialValue {
  const count = bucketCounts.reduce((total, one) => total + one, 0);
  return {
    count,
    sum: count * 1.5,
    scale: 0,
    zeroCount: 0,
    positive: { offset: 0, bucketCounts },
    negative: { offset: 0, bucketCounts: [] },
  };
}

function seriesOf(labels: Record<string, string>) {
  return { attributes: {}, labels };
}

test("an exponential histogram has a classic bucket for each octave in text", async () => {
  const histogram = createSdkHistogram(160);
  for (const value of [0, 0.1, 0.3, 1.5, 3, 100]) histogram.record(value);
  const value = { ...(await histogram.collect()), sum: 104.9 };
  const reader = readerOf([scope("", metric("exponential", "eh", [point(value)], { unit: "s" }))]);
  const { text, faults } = await expose(gathererOf(reader));
  assert.equal(
    text,
    lines(
      "# TYPE eh_seconds histogram",
      'eh_seconds_bucket{le="0"} 1',
      'eh_seconds_bucket{le="0.125"} 2',
      'eh_seconds_bucket{le="0.25"} 2',
      'eh_seconds_bucket{le="0.5"} 3',
      'eh_seconds_bucket{le="1"} 3',
      'eh_seconds_bucket{le="2"} 4',
      'eh_seconds_bucket{le="4"} 5',
      'eh_seconds_bucket{le="8"} 5',
      'eh_seconds_bucket{le="16"} 5',
      'eh_seconds_bucket{le="32"} 5',
      'eh_seconds_bucket{le="64"} 5',
      'eh_seconds_bucket{le="128"} 6',
      'eh_seconds_bucket{le="+Inf"} 6',
      "eh_seconds_sum 104.9",
      "eh_seconds_count 6",
    ),
  );
  assert.deepEqual(faults, []);
});

test("an exponential histogram that is native only has no bucket but +Inf in text", async () => {
  const reader = readerOf([scope("", metric("exponential", "eh", [point(counted(1, 2))]))]);
  const gatherer = gathererOf(reader, { exponentialHistograms: "native" });
  const { text } = await expose(gatherer);
  assert.equal(
    text,
    lines("# TYPE eh histogram", 'eh_bucket{le="+Inf"} 3', "eh_sum 4.5", "eh_count 3"),
  );
});

test("a point that cannot be an exponential histogram of Prometheus is skipped", async () => {
  const points = [
    point({ ...counted(1), scale: -5 }, { a: "coarse" }),
    point({ ...counted(1), sum: undefined }, { a: "without a sum" }),
    point({ ...counted(1), scale: 1e9 }, { a: "fine" }),
    point({ ...counted(1), scale: undefined }, { a: "without a scale" }),
    point({ ...counted(1), count: 1n }, { a: "without a count" }),
    point(undefined, { a: "without a value" }),
    point(
      { ...counted(1), positive: { offset: 2 ** 40, bucketCounts: [1] } },
      { a: "without an index" },
    ),
    point(
      { ...counted(1), negative: { offset: 0, bucketCounts: ["1"] } },
      { a: "without numbers" },
    ),
    point(counted(1), { a: "good" }),
  ];
  const { text, faults } = await expose(
    gathererOf(readerOf([scope("", metric("exponential", "eh", points))])),
  );
  assert.match(text, /eh_count\{a="good"\} 1/);
  assert.doesNotMatch(text, /coarse|fine|without/);
  assert.deepEqual(faults, [
    "eh: the scale of an exponential histogram is below -4",
    "eh: an exponential histogram has no sum",
    "eh: the scale of an exponential histogram is not an integer of at most 20",
    "eh: the scale of an exponential histogram is not an integer of at most 20",
    "eh: a value is not a number",
    ...Array(3).fill("eh: an exponential histogram has no buckets"),
  ]);
});

test("ExponentialFlyweight makes each kind of buckets once, when asked", () => {
  let reads = 0;
  const value = counted(1, 2);
  const counting = {
    ...value,
    get negative() {
      reads++;
      return value.negative;
    },
  };
  const flyweight = new ExponentialFlyweight(true);
  assert.equal(flyweight.pointAt(point(counting), seriesOf({})), undefined);
  reads = 0;
  assert.equal(flyweight.count, 3);
  assert.equal(reads, 0);
  assert.equal(flyweight.identity, flyweight.upperBounds);
  assert.deepEqual(flyweight.cumulativeCounts, [1, 3]);
  assert.equal(flyweight.exemplars, undefined);
  assert.equal(reads, 1);
  assert.equal(flyweight.native, flyweight.native);
  assert.equal(reads, 2);
});

test("the identity of an ExponentialFlyweight changes with its bounds", () => {
  const flyweights = [new ExponentialFlyweight(true), new ExponentialFlyweight(true)];
  const identityOf = (value: ExponentialValue, series: ReturnType<typeof seriesOf>, at = 0) => {
    flyweights[at]?.pointAt(point(value), series);
    return flyweights[at]?.identity;
  };
  const one = seriesOf({ a: "1" });
  const other = seriesOf({ a: "2" });
  const first = identityOf(counted(1, 1), one);
  assert.notEqual(identityOf(counted(1, 1), other), first);
  assert.equal(identityOf(counted(1, 2), one), first);
  assert.equal(identityOf(counted(2, 2), one, 1), first);
  assert.notEqual(identityOf(counted(2, 2, 1), one), first);
});

test("the identity of an ExponentialFlyweight without classic buckets is its series", () => {
  const flyweight = new ExponentialFlyweight(false);
  const series = seriesOf({});
  for (const value of [counted(1), counted(1, 1)]) {
    flyweight.pointAt(point(value), series);
    assert.equal(flyweight.identity, series);
    assert.deepEqual(flyweight.upperBounds, []);
  }
});

test("the exemplars of an exponential histogram are in its classic and in its native buckets", () => {
  const flyweight = new ExponentialFlyweight(true);
  const exemplars = [
    { value: 3, timestamp: [2, 0], traceId: "t" },
    { value: 4, timestamp: [1, 0] },
  ] as const;
  flyweight.pointAt({ ...point(counted(0, 2)), exemplars }, seriesOf({}));
  const three = { labels: { trace_id: "t" }, value: 3, timestampMs: 2_000 };
  const four = { labels: {}, value: 4, timestampMs: 1_000 };
  assert.deepEqual(flyweight.exemplars, [undefined, three, undefined]);
  assert.deepEqual(flyweight.native.exemplars, [three, four]);
  assert.equal(flyweight.startTimestampMs, 1_700_000_000_500);
});

test("kept text of exponential histograms equals fresh text when bounds change and when not", async () => {
  const reader = readerOf([]);
  const gatherer = gathererOf(reader);
  const store = new BlockStore(Number.MAX_SAFE_INTEGER);
  const kept = createTextEncoder("underscores", store);
  const attributes = [{ a: "1" }, { a: "2" }, { a: "3" }];
  const { descriptor } = metric("exponential", "eh");
  const rounds = [
    [counted(1), counted(1, 1), counted(1)],
    [counted(2), counted(1, 1), counted(1)],
    [counted(3), counted(1, 2), counted(1)],
    [counted(3), counted(1, 2, 1), counted(2)],
    [counted(4), counted(1, 2, 2), { ...counted(2, 0, 1), scale: -1 }],
    // As many bounds as before, but others.
    [counted(4), counted(1, 2, 2), { ...counted(2, 1, 1), scale: -2 }],
  ];
  for (const values of rounds) {
    const points = values.map((value, at) => point(value, attributes[at]));
    reader.scopes = [scope("", { ...metric("exponential", "eh", points), descriptor })];
    const families = [...(await gatherAll(gatherer, createContext()))];
    const { body } = encodeFamilies(kept, families);
    assert.equal(body, encodeFamilies(createTextEncoder("underscores"), families).body);
  }
  store.clear();
});

test("an exponential histogram of a worker is served with its label while bounds are added", async () => {
  const group = new TestGroup();
  const { descriptor } = metric("exponential", "eh");
  const readers = [readerOf([]), readerOf([])];
  const gatherers = readers.map((reader) => gathererOf(reader));
  const rounds = [
    [counted(1), counted(1, 1)],
    [counted(1, 0, 2), counted(1, 2)],
  ];
  for (const values of rounds) {
    for (const [at, reader] of readers.entries()) {
      const eh = { ...metric("exponential", "eh", [point(values[at])]), descriptor };
      reader.scopes = [scope("", eh)];
      const families = [...(await gatherAll(gatherers[at] ?? assert.fail()))];
      const worker = group.workers[at];
      if (worker === undefined) group.join(families);
      else group.answer(worker, families);
    }
    group.merge();
  }
  assert.deepEqual(group.lines(), [
    'eh_bucket{le="2",worker="0"} 1',
    'eh_bucket{le="4",worker="0"} 1',
    'eh_bucket{le="8",worker="0"} 3',
    'eh_bucket{le="+Inf",worker="0"} 3',
    'eh_sum{worker="0"} 4.5',
    'eh_count{worker="0"} 3',
    'eh_bucket{le="2",worker="1"} 1',
    'eh_bucket{le="4",worker="1"} 3',
    'eh_bucket{le="+Inf",worker="1"} 3',
    'eh_sum{worker="1"} 4.5',
    'eh_count{worker="1"} 3',
  ]);
  assert.deepEqual(group.faults, []);
});
