import assert from "node:assert/strict";
import { httpGet } from "../../../helpers/http/http-get.ts";
import { parseProtobuf } from "../../../judge/index.ts";
import type { Application } from "../application.ts";
import type { Row } from "../row.ts";
import { samplesOf, scrapeOf } from "../subject.ts";
import { OPENMETRICS, PROTOBUF, UTF8_TEXT } from "./accept.ts";

const GAUGE: Application = { count: (meterOf) => meterOf().createUpDownCounter("a.b").add(2) };

const EACH_KIND: Application = {
  count(meterOf) {
    meterOf().createCounter("c").add(1);
    meterOf().createHistogram("h").record(1);
    meterOf().createUpDownCounter("g").add(1);
  },
};

/** What is said about formats and the requests for them. */
export const FORMATS: readonly Row[] = [
  {
    number: 1,
    requirement: "text 0.0.4 names its version",
    exporter: false,
    instead: "`text/plain`",
    async check(subject) {
      const { contentType } = await scrapeOf(subject, GAUGE, {
        accept: "text/plain;version=0.0.4",
      });
      assert.match(contentType, /^text\/plain; version=0\.0\.4/);
    },
  },
  {
    number: 2,
    requirement: "a scraper gets the format that it asks for",
    exporter: false,
    instead: "always text",
    async check(subject) {
      for (const [accept, expected] of [
        [OPENMETRICS, /^application\/openmetrics-text; version=1\.0\.0/],
        [PROTOBUF, /^application\/vnd\.google\.protobuf/],
        [UTF8_TEXT, /^text\/plain; version=1\.0\.0/],
      ] as const) {
        const { contentType } = await scrapeOf(subject, GAUGE, { accept });
        assert.match(contentType, expected);
      }
    },
  },
  {
    number: 3,
    requirement: "a scraper that asks for nothing gets text, with underscores in names",
    exporter: true,
    async check(subject) {
      const scraped = await scrapeOf(subject, GAUGE, { translationStrategy: "NoTranslation" });
      assert.match(scraped.contentType, /^text\/plain/);
      assert.deepEqual(samplesOf(scraped, "a"), ["a_b 2"]);
    },
  },
  {
    number: 5,
    requirement: "nobody gets remote write, or OpenMetrics in protobuf",
    exporter: true,
    async check(subject) {
      for (const accept of [
        "application/openmetrics-protobuf;version=1.0.0",
        "application/x-protobuf;proto=io.prometheus.write.v2.Request",
      ]) {
        assert.match((await scrapeOf(subject, GAUGE, { accept })).contentType, /^text\/plain/);
      }
    },
  },
  {
    number: 6,
    requirement: "samples have no timestamps",
    exporter: true,
    async check(subject) {
      const { families } = await scrapeOf(subject, GAUGE);
      const samples = families.flatMap((family) => family.samples);
      assert.ok(samples.length > 0);
      assert.ok(samples.every(({ timestampMs }) => timestampMs === undefined));
    },
  },
  {
    number: 33,
    requirement: "protobuf has the start time of counters and histograms, and not of gauges",
    exporter: false,
    instead: "no protobuf",
    async check(subject) {
      const before = Date.now();
      const { url } = await subject.serve(EACH_KIND);
      const { headers, body } = await httpGet(url, { accept: PROTOBUF });
      assert.match(headers["content-type"] ?? "", /^application\/vnd\.google\.protobuf/);
      const families = new Map(parseProtobuf(body).map((family) => [family.name, family]));
      const counter = families.get("c_total")?.metrics[0]?.counter?.createdTimestampMs;
      const histogram = families.get("h")?.metrics[0]?.histogram?.createdTimestampMs;
      for (const startedAt of [counter, histogram]) {
        // The SDK's clock is not that of `Date.now()`.
        assert.ok(Math.abs((startedAt ?? 0) - before) < 60_000);
      }
      assert.deepEqual(families.get("g")?.metrics[0]?.gauge, { value: 1 });
    },
  },
];
