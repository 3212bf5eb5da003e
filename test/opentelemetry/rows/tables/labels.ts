import assert from "node:assert/strict";
import type { Attributes } from "@opentelemetry/api";
import { type Row, SINCE_SDK_2 } from "../row.ts";
import { type Subject, samplesOf, scrape, scrapeOf } from "../subject.ts";
import { foreign } from "./foreign.ts";

/** What is said about attributes and scopes. */
export const LABELS: readonly Row[] = [
  {
    number: 27,
    requirement: "name, version and schema of a library are labels",
    exporter: SINCE_SDK_2,
    instead: "no such labels in 0.57 and 0.200",
    async check(subject) {
      const { text } = await scrapeOf(subject, {
        count(meterOf) {
          const meter = meterOf("lib", "1.2", { schemaUrl: "https://example.com/1" });
          meter.createUpDownCounter("a").add(1);
        },
      });
      const [line = ""] = text.split("\n").filter((each) => each.startsWith("a{"));
      assert.match(line, /otel_scope_name="lib"/);
      assert.match(line, /otel_scope_version="1\.2"/);
      assert.match(line, /otel_scope_schema_url="https:\/\/example\.com\/1"/);
    },
  },
  {
    number: 27,
    requirement: "what a library does not say is not a label",
    exporter: ({ name }) => name === "sdk-1" || name === "sdk-2.0",
    instead: 'prints `otel_scope_name=""`',
    async check(subject) {
      const { text } = await scrapeOf(subject, {
        count: (meterOf) => meterOf("").createUpDownCounter("a").add(1),
      });
      assert.doesNotMatch(text, /=""/);
    },
  },
  {
    number: 28,
    requirement: "attributes of a library are labels, except for reserved ones",
    exporter: false,
    instead: "no attributes",
    async check(subject) {
      const producer = foreign(
        { name: "lib", attributes: { "x.y": "v", name: "other" } },
        { dataPointType: 2, dataPoints: [{ value: 1 }] },
      );
      const { text } = await scrapeOf(subject, {}, { metricProducers: [producer] });
      assert.match(text, /^foreign\{.*otel_scope_x_y="v"/m);
      assert.match(text, /^foreign\{.*otel_scope_name="lib"/m);
    },
  },
  {
    number: 29,
    requirement: "an attribute that takes the label of a library is joined to it",
    exporter: false,
    instead: "scrape fails: the label twice; in 0.57 and 0.200 the attribute only",
    fault: /appears twice|a\{otel_scope_name="u"\} 1/,
    async check(subject) {
      const { text } = await scrapeOf(subject, {
        count: (meterOf) =>
          meterOf("s").createUpDownCounter("a").add(1, { "otel.scope.name": "u" }),
      });
      assert.match(text, /^a\{otel_scope_name="u;s"\} 1$/m);
    },
  },
  {
    number: 42,
    requirement: "keys are written in the characters of labels, a leading digit after `key_`",
    exporter: false,
    instead: 'scrape fails: `1x="d"`',
    fault: /expected a label name/,
    check: (subject) =>
      assertLabels(
        subject,
        { "1x": "d", "a.-b": "e", __name__: "f" },
        '{_name_="f",a_b="e",key_1x="d"}',
      ),
  },
  {
    number: 43,
    requirement: "values of keys that become one label are joined, in the order of the keys",
    exporter: false,
    instead: "scrape fails: the label twice",
    fault: /appears twice/,
    check: (subject) =>
      assertLabels(subject, { "a.b": "2", a_b: "1", "a/b": "0" }, '{a_b="2;0;1"}'),
  },
  {
    number: 44,
    requirement: "strings, booleans, numbers and arrays become values",
    exporter: true,
    check: (subject) =>
      assertLabels(
        subject,
        { arr: ["x", "y"], bool: true, num: 1.5, str: "s" },
        '{arr="[\\"x\\",\\"y\\"]",bool="true",num="1.5",str="s"}',
      ),
  },
  {
    number: 44,
    requirement: "NaN is written as `NaN`, and null makes no label",
    exporter: false,
    instead: '`"null"`',
    fault: /inf="null",nan="null",nul="null"/,
    check: (subject) =>
      assertLabels(
        subject,
        // What JavaScript passes, whatever the types say.
        { nan: Number.NaN, nul: null as unknown as string, inf: -Infinity },
        '{inf="-Infinity",nan="NaN"}',
      ),
  },
  {
    number: 45,
    requirement: "an empty key is not a label",
    exporter: false,
    instead: 'scrape fails: `="x"`',
    fault: /expected a label name/,
    check: (subject) => assertLabels(subject, { "": "x", a: "1" }, '{a="1"}'),
  },
  {
    number: 46,
    requirement: "an attribute `le` of a histogram becomes `exported_le`",
    exporter: false,
    instead: "scrape fails: `le` twice",
    fault: /"le" appears twice/,
    async check(subject) {
      const scraped = await scrapeOf(subject, {
        count(meterOf) {
          const advice = { explicitBucketBoundaries: [5] };
          meterOf().createHistogram("h", { advice }).record(1, { le: "1" });
        },
      });
      assert.deepEqual(samplesOf(scraped, "h"), [
        'h_bucket{exported_le="1",le="5"} 1',
        'h_bucket{exported_le="1",le="+Inf"} 1',
        'h_sum{exported_le="1"} 1',
        'h_count{exported_le="1"} 1',
      ]);
    },
  },
  {
    number: 54,
    requirement: "what exceeds the limit of series is one series with a label of its own",
    exporter: true,
    async check(subject) {
      const scraped = await scrapeOf(subject, {
        views: [{ instrumentName: "a", cardinalityLimit: 3 }],
        count(meterOf) {
          const counter = meterOf().createUpDownCounter("a");
          for (let index = 0; index < 5; index++) counter.add(1, { index });
        },
      });
      assert.deepEqual(samplesOf(scraped, "a"), [
        'a{index="0"} 1',
        'a{index="1"} 1',
        'a{otel_metric_overflow="true"} 3',
      ]);
    },
  },
  {
    number: 57,
    requirement: "attributes that change after they were recorded do not repeat a series",
    exporter: false,
    instead: "the series several times",
    fault: /a series twice/,
    async check(subject) {
      const attributes = { a: 0 };
      const served = await subject.serve({
        count(meterOf) {
          const counter = meterOf().createUpDownCounter("x");
          for (; attributes.a < 3; attributes.a++) counter.add(1, attributes);
        },
      });
      assert.deepEqual(samplesOf(await scrape(served), "x"), ['x{a="3"} 1']);
      const lines = served.log.filter((line) => line.includes("x"));
      assert.ok(lines.length > 0, "it is not reported");
    },
  },
];

async function assertLabels(
  subject: Subject,
  attributes: Attributes,
  expected: string,
): Promise<void> {
  const scraped = await scrapeOf(subject, {
    count: (meterOf) => meterOf().createUpDownCounter("x").add(1, attributes),
  });
  assert.deepEqual(samplesOf(scraped, "x"), [`x${expected} 1`]);
}
