import assert from "node:assert/strict";
import type { TranslationStrategy } from "../../../../src/gatherers/opentelemetry/mapping-options.ts";
import type { Application } from "../application.ts";
import { type Row, SINCE_SDK_2, SINCE_SDK_3 } from "../row.ts";
import { type Subject, samplesOf, scrapeOf, type TestOptions } from "../subject.ts";
import { UTF8_TEXT } from "./accept.ts";

const BYTES: Application = {
  count: (meterOf) => meterOf().createCounter("foo.bar", { unit: "By" }).add(1),
};

/** An application whose resource has three attributes. */
const DEPLOYED: Application = {
  resource: { "service.name": "shop", "service.version": "2", "host.name": "h" },
  count: (meterOf) => meterOf("lib").createCounter("c").add(1),
};

/** The name of a counter of bytes, `foo.bar`, by strategy: for a scraper of UTF-8 names, and another. */
const CELLS: readonly (readonly [TranslationStrategy, string, string])[] = [
  ["UnderscoreEscapingWithSuffixes", "foo_bar_bytes_total", "foo_bar_bytes_total"],
  ["UnderscoreEscapingWithoutSuffixes", "foo_bar", "foo_bar"],
  ["NoUTF8EscapingWithSuffixes", "foo.bar_bytes_total", "foo_bar_bytes_total"],
  ["NoTranslation", "foo.bar", "foo_bar"],
];

/** What is said about configuration. */
export const OPTIONS: readonly Row[] = [
  {
    number: 4,
    requirement: "the strategy translates a name before the scraper's escaping does",
    exporter: false,
    instead: "no strategies",
    async check(subject) {
      for (const [translationStrategy, utf8, underscores] of CELLS) {
        const served = { accept: UTF8_TEXT, translationStrategy };
        assert.deepEqual(samplesOf(await scrapeOf(subject, BYTES, served), "foo"), [`${utf8} 1`]);
        const plain = await scrapeOf(subject, BYTES, { translationStrategy });
        assert.deepEqual(samplesOf(plain, "foo"), [`${underscores} 1`]);
      }
    },
  },
  {
    number: 9,
    requirement: "it listens on `localhost` only, by default",
    // An application that moves from one to the other keeps its address.
    ours: SINCE_SDK_3,
    exporter: SINCE_SDK_3,
    instead: "every interface before 0.300",
    async check(subject) {
      const { address } = await subject.listensAt();
      assert.match(address, /^(127\.0\.0\.1|::1)$/);
    },
  },
  {
    number: 10,
    requirement: "the port is 9464 by default",
    exporter: true,
    async check(subject) {
      assert.equal((await subject.listensAt()).port, 9464);
    },
  },
  {
    number: 11,
    requirement: "an option decides how an instrument aggregates by default",
    exporter: false,
    instead: "no option",
    async check(subject) {
      const histogram: Application = {
        count: (meterOf) => meterOf().createHistogram("h").record(3),
      };
      const scraped = await scrapeOf(subject, histogram, { defaultBounds: [5] });
      assert.deepEqual(samplesOf(scraped, "h_bucket"), [
        'h_bucket{le="5"} 1',
        'h_bucket{le="+Inf"} 1',
      ]);
    },
  },
  {
    number: 12,
    requirement: "attributes of the resource are not labels, unless an option says so",
    exporter: true,
    check: (subject) => assertConstantLabels(subject, {}, ""),
  },
  {
    number: 12,
    requirement: "a regular expression selects the constant labels",
    exporter: ({ major }) => major > 1,
    instead: "no option in 0.57",
    check: (subject) =>
      assertConstantLabels(
        subject,
        { resourceConstantLabels: /^service\./ },
        'service_name="shop",service_version="2"',
      ),
  },
  {
    number: 12,
    requirement: "patterns include and exclude constant labels",
    exporter: false,
    instead: "a regular expression at most",
    check: (subject) =>
      assertConstantLabels(
        subject,
        { resourceConstantLabels: { included: ["service.*"], excluded: ["*.name"] } },
        'service_version="2"',
      ),
  },
  {
    number: 13,
    requirement: "constant labels stay in `target_info`",
    exporter: true,
    async check(subject) {
      const scraped = await scrapeOf(subject, DEPLOYED, { resourceConstantLabels: /^service\./ });
      assert.deepEqual(samplesOf(scraped, "target_info"), [
        'target_info{host_name="h",service_name="shop",service_version="2"} 1',
      ]);
    },
  },
  {
    number: 14,
    requirement: "a strategy has the specification's name, and the first is the default",
    exporter: false,
    instead: "no strategies",
    async check(subject) {
      const byDefault = await scrapeOf(subject, BYTES);
      assert.deepEqual(samplesOf(byDefault, "foo"), ["foo_bar_bytes_total 1"]);
      const unknown = { translationStrategy: "Underscores" as TranslationStrategy };
      await assert.rejects(scrapeOf(subject, BYTES, unknown), /translationStrategy/);
    },
  },
  {
    number: 15,
    requirement: "an option leaves out the labels of scopes, which are there by default",
    exporter: SINCE_SDK_2,
    instead: "no such labels in 0.57 and 0.200",
    async check(subject) {
      assert.match((await scrapeOf(subject, DEPLOYED)).text, /otel_scope_name="lib"/);
      const without = await scrapeOf(subject, DEPLOYED, { scopeInfoEnabled: false });
      assert.doesNotMatch(without.text, /otel_scope/);
    },
  },
  {
    number: 16,
    requirement: "an option leaves out `target_info`, which is there by default",
    exporter: SINCE_SDK_2,
    instead: "no option in 0.57 and 0.200",
    async check(subject) {
      assert.match((await scrapeOf(subject, DEPLOYED)).text, /^target_info\{/m);
      const without = await scrapeOf(subject, DEPLOYED, { targetInfoEnabled: false });
      assert.doesNotMatch(without.text, /target_info/);
    },
  },
];

async function assertConstantLabels(
  subject: Subject,
  options: TestOptions,
  labels: string,
): Promise<void> {
  const scraped = await scrapeOf(subject, DEPLOYED, options);
  const series = labels === "" ? "c_total" : `c_total{${labels}}`;
  assert.deepEqual(samplesOf(scraped, "c_total"), [`${series} 1`]);
}
