import assert from "node:assert/strict";
import type { MeterOf } from "../application.ts";
import type { Row } from "../row.ts";
import { type Subject, samplesOf, scrapeOf } from "../subject.ts";
import { OPENMETRICS } from "./accept.ts";

/** The specification's words for units. */
const UNITS: Readonly<Record<string, string>> = {
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  TiBy: "tebibytes",
  kBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  TBy: "terabytes",
  m: "meters",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  Cel: "celsius",
  Hz: "hertz",
  "%": "percent",
};

/** What is said about names, units and descriptions. */
export const NAMES: readonly Row[] = [
  {
    number: 21,
    requirement: "other characters become one underscore",
    exporter: true,
    check: (subject) => assertNames(subject, [gauge("a.b-c/d"), gauge("e.-f")], ["a_b_c_d", "e_f"]),
  },
  {
    number: 21,
    requirement: "no two underscores come before a suffix",
    exporter: false,
    instead: "`foo_total__total`",
    fault: /foo_total__total/,
    check: (subject) => assertNames(subject, [counter("foo_total.")], ["foo_total_total"]),
  },
  {
    number: 22,
    requirement: "a unit becomes its word",
    exporter: false,
    instead: "no units",
    check: (subject) =>
      assertNames(
        subject,
        Object.keys(UNITS).map((unit, index) => gauge(`size.${index}`, unit)),
        Object.values(UNITS).map((word, index) => `size_${index}_${word}`),
      ),
  },
  {
    number: 23,
    requirement: "annotations are left out, and rates become `_per_`",
    exporter: false,
    instead: "no units",
    check: (subject) =>
      assertNames(
        subject,
        [gauge("a", "{request}"), gauge("b", "m/s"), gauge("c", "{request}/s"), gauge("d", "1/s")],
        ["a", "b_meters_per_second", "c_per_second", "d_per_second"],
      ),
  },
  {
    number: 24,
    requirement: "a unit comes before `_total`, unless the name ends with it",
    exporter: false,
    instead: "no units",
    check: (subject) =>
      assertNames(
        subject,
        [counter("a", "By"), counter("b.bytes", "By"), gauge("c.seconds", "s")],
        ["a_bytes_total", "b_bytes_total", "c_seconds"],
      ),
  },
  {
    number: 25,
    requirement: "OpenMetrics has the unit that is a suffix of the name",
    exporter: false,
    instead: "a comment, `# UNIT x_total By`",
    async check(subject) {
      const scraped = await scrapeOf(
        subject,
        { count: (meterOf) => [gauge("a", "By"), gauge("b")].map((make) => make(meterOf)) },
        { accept: OPENMETRICS },
      );
      const units = scraped.families.map(({ name, unit = "" }) => [name, unit]);
      assert.deepEqual(
        units.filter(([name]) => /^[ab]/.test(name ?? "")),
        [
          ["a_bytes", "bytes"],
          ["b", ""],
        ],
      );
    },
  },
  {
    number: 26,
    requirement: "a description is the help text",
    exporter: true,
    async check(subject) {
      const { families } = await scrapeOf(subject, {
        count: (meterOf) =>
          meterOf().createUpDownCounter("a", { description: "Two\nlines" }).add(1),
      });
      assert.equal(families.find(({ name }) => name === "a")?.help, "Two\nlines");
    },
  },
  {
    number: 26,
    requirement: "without a description there is no help text",
    exporter: false,
    instead: '"description missing"',
    fault: /description missing/,
    async check(subject) {
      const { families } = await scrapeOf(subject, { count: gauge("a") });
      assert.equal(families.find(({ name }) => name === "a")?.help ?? "", "");
    },
  },
  {
    number: 31,
    requirement: "a monotonic sum is a counter, with `_total` once",
    exporter: true,
    async check(subject) {
      await assertNames(subject, [counter("a"), counter("b_total")], ["a_total", "b_total"]);
      const { families } = await scrapeOf(subject, { count: counter("a") });
      assert.equal(families.find(({ name }) => name === "a_total")?.type, "counter");
    },
  },
  {
    number: 31,
    requirement: "an observable counter has `_total`, too",
    exporter: ({ major }) => major > 1,
    instead: "none in 0.57",
    async check(subject) {
      const observed = (meterOf: MeterOf) => {
        meterOf()
          .createObservableCounter("a")
          .addCallback((result) => result.observe(1));
      };
      await assertNames(subject, [observed], ["a_total"]);
    },
  },
  {
    number: 53,
    requirement: "a prefix is written in the characters of names",
    exporter: false,
    instead: "scrape fails: `my.app_a`",
    fault: /expected " "/,
    async check(subject) {
      const scraped = await scrapeOf(subject, { count: gauge("a") }, { prefix: "my.app" });
      assert.deepEqual(samplesOf(scraped, "my"), ["my_app_a 1"]);
    },
  },
];

function counter(name: string, unit = ""): (meterOf: MeterOf) => void {
  return (meterOf) => meterOf().createCounter(name, { unit }).add(1);
}

function gauge(name: string, unit = ""): (meterOf: MeterOf) => void {
  return (meterOf) => meterOf().createUpDownCounter(name, { unit }).add(1);
}

async function assertNames(
  subject: Subject,
  instruments: readonly ((meterOf: MeterOf) => void)[],
  names: readonly string[],
): Promise<void> {
  const scraped = await scrapeOf(subject, {
    count(meterOf) {
      for (const count of instruments) count(meterOf);
    },
  });
  const all = samplesOf(scraped, "").filter((sample) => !sample.startsWith("target_info"));
  assert.deepEqual(
    all,
    names.map((name) => `${name} 1`),
  );
}
