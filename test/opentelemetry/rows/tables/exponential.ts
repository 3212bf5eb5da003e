import assert from "node:assert/strict";
import { httpGet } from "../../../helpers/http/http-get.ts";
import { type ProtoFamily, type ProtoHistogram, parseProtobuf } from "../../../judge/index.ts";
import type { Application } from "../application.ts";
import type { Row } from "../row.ts";
import { type Subject, samplesOf, scrapeOf } from "../subject.ts";
import { PROTOBUF } from "./accept.ts";

/** An application that records values in an exponential histogram. */
function recording(values: readonly number[], maxBuckets = 160): Application {
  return {
    views: [{ instrumentName: "eh", maxBuckets }],
    count(meterOf) {
      const histogram = meterOf().createHistogram("eh");
      for (const value of values) histogram.record(value);
    },
  };
}

const NO_PROTOBUF = "no protobuf";

/** What is said about exponential histograms. */
export const EXPONENTIAL: readonly Row[] = [
  {
    number: 36,
    requirement: "an exponential histogram is a native one",
    exporter: false,
    instead: NO_PROTOBUF,
    async check(subject) {
      const native = await nativeOf(subject, recording([0, 1, 2, 2]));
      assert.equal(native.sampleCount, 4);
      assert.equal(native.sampleSum, 5);
      assert.equal(native.zeroCount, 1);
      assert.deepEqual(countsOf(native), [1, 2]);
    },
  },
  {
    number: 37,
    requirement: "a scale above 8 becomes 8",
    exporter: false,
    instead: NO_PROTOBUF,
    async check(subject) {
      // The SDK begins with a scale of 20.
      assert.equal((await nativeOf(subject, recording([1, 1.0001]))).schema, 8);
    },
  },
  {
    number: 38,
    requirement: "a point with a scale below -4 is left out",
    exporter: false,
    instead: NO_PROTOBUF,
    async check(subject) {
      const served = await subject.serve(recording([1e-300, 1e300], 2));
      const other = served.provider.getMeter("shop").createHistogram("eh");
      other.record(1, { other: true });
      const { metrics } = await familyOf(served.url);
      assert.deepEqual(
        metrics.map(({ labels }) => labels.get("other")),
        ["true"],
      );
      assert.match(served.log.join("\n"), /eh/);
    },
  },
  {
    number: 39,
    requirement: "each value is in the bucket of its bounds; zero has a threshold of 1e-128",
    exporter: false,
    instead: NO_PROTOBUF,
    async check(subject) {
      for (const value of [1, 1.5, 2, 1000, 1e-9]) {
        const {
          zeroThreshold,
          schema = 0,
          positiveSpans,
        } = await nativeOf(subject, recording([value]));
        assert.equal(zeroThreshold, 1e-128);
        const index = positiveSpans[0]?.offset ?? Number.NaN;
        // Prometheus: bucket i holds what is above base ** (i - 1), and up to base ** i.
        const exponent = Math.log2(value) * 2 ** schema;
        assert.ok(exponent <= index + 1e-6 && exponent > index - 1 - 1e-6, `${value}: ${index}`);
      }
    },
  },
  {
    number: 40,
    requirement: "text has an exponential histogram with buckets at powers of two",
    exporter: false,
    instead: "`untyped`, and no samples",
    async check(subject) {
      const scraped = await scrapeOf(subject, recording([0, 0.3, 1.5, 3]));
      assert.deepEqual(samplesOf(scraped, "eh"), [
        'eh_bucket{le="0"} 1',
        'eh_bucket{le="0.5"} 2',
        'eh_bucket{le="1"} 2',
        'eh_bucket{le="2"} 3',
        'eh_bucket{le="4"} 4',
        'eh_bucket{le="+Inf"} 4',
        "eh_sum 4.8",
        "eh_count 4",
      ]);
    },
  },
];

async function familyOf(url: string): Promise<ProtoFamily> {
  const { headers, body } = await httpGet(url, { accept: PROTOBUF });
  assert.match(headers["content-type"] ?? "", /^application\/vnd\.google\.protobuf/);
  const family = parseProtobuf(body).find(({ name }) => name === "eh");
  assert.ok(family !== undefined);
  return family;
}

async function nativeOf(subject: Subject, application: Application): Promise<ProtoHistogram> {
  const { url } = await subject.serve(application);
  const native = (await familyOf(url)).metrics[0]?.histogram;
  assert.ok(native !== undefined);
  return native;
}

/** The counts of the positive buckets, which the format has as differences. */
function countsOf({ positiveDeltas }: ProtoHistogram): number[] {
  let count = 0;
  return positiveDeltas.map((delta) => {
    count += delta;
    return count;
  });
}
