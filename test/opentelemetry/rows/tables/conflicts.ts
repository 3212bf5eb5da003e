import assert from "node:assert/strict";
import { httpGet } from "../../../helpers/http/http-get.ts";
import { turns } from "../../../helpers/turns.ts";
import type { Application } from "../application.ts";
import { type Row, SINCE_SDK_3 } from "../row.ts";
import { samplesOf, scrape, scrapeOf } from "../subject.ts";

/** A counter of one library, and a gauge of another that takes its name. */
const TWO_TYPES: Application = {
  count(meterOf) {
    meterOf("a").createCounter("x_total").add(1, { from: "a" });
    meterOf("a").createCounter("other").add(1);
    meterOf("b").createUpDownCounter("x_total").add(2, { from: "b" });
  },
};

/** A counter of two libraries, which describe it differently. */
const TWO_DESCRIPTIONS: Application = {
  count(meterOf) {
    meterOf("a").createCounter("x", { description: "one" }).add(1, { from: "a" });
    meterOf("b").createCounter("x", { description: "two" }).add(2, { from: "b" });
  },
};

const BOTH = ['x_total{from="a"} 1', 'x_total{from="b"} 2'];

/** An instrument that the exporter gives the name of the resource's metric. */
const OWN_TARGET: Application = {
  count: (meterOf) => meterOf().createUpDownCounter("target.info").add(5, { from: "a" }),
};

/** Two libraries whose gauges have one name. From the second scrape on the first is the slower one. */
function changingPlaces(names: readonly [string, string] = ["x", "x"]): Application {
  let scrapes = 0;
  return {
    count(meterOf) {
      const [one, two] = names;
      const slow = meterOf("a").createObservableGauge(one, { description: "one" });
      slow.addCallback(async (result) => {
        scrapes++;
        if (scrapes > 1) await turns(2);
        result.observe(1, { from: "a" });
      });
      const fast = meterOf("b").createObservableGauge(two, { description: "two" });
      fast.addCallback((result) => result.observe(2, { from: "b" }));
    },
  };
}

const ownNames = (names: readonly string[]) => names.filter((name) => name !== "target_info");

/** What is said about names that several have. */
export const CONFLICTS: readonly Row[] = [
  {
    number: 7,
    requirement: "there is one target at most",
    exporter: true,
    async check(subject) {
      const scraped = await scrapeOf(subject, {
        count: (meterOf) => meterOf().createCounter("a").add(1),
      });
      assert.deepEqual(samplesOf(scraped, "target_info"), ['target_info{service_name="shop"} 1']);
    },
  },
  {
    number: 7,
    requirement: "an instrument named `target.info` does not make a second target",
    exporter: false,
    instead: "TYPE twice, which strict parsers refuse; from 0.300 two series",
    fault: /a second HELP for target_info|target_info\{from="a"\} 5/,
    async check(subject) {
      const scraped = await scrapeOf(subject, OWN_TARGET);
      assert.deepEqual(samplesOf(scraped, "target_info"), ['target_info{service_name="shop"} 1']);
    },
  },
  {
    number: 17,
    requirement: "a metric of two libraries is one family",
    exporter: SINCE_SDK_3,
    instead: "HELP and TYPE twice, which strict parsers refuse",
    fault: /a second HELP/,
    async check(subject) {
      const scraped = await scrapeOf(subject, TWO_DESCRIPTIONS);
      assert.deepEqual(samplesOf(scraped, "x"), BOTH);
    },
  },
  {
    number: 18,
    requirement: "of two types of a name, the one that came first is served",
    exporter: false,
    instead: "serves both; from 0.300 neither",
    fault: /a second HELP|\+ \[\]/,
    async check(subject) {
      const served = await subject.serve(TWO_TYPES);
      for (let scrapes = 0; scrapes < 2; scrapes++) {
        const scraped = await scrape(served);
        assert.deepEqual(samplesOf(scraped, "x"), ['x_total{from="a"} 1']);
        assert.equal(scraped.families.find(({ name }) => name === "x_total")?.type, "counter");
      }
    },
  },
  {
    number: 19,
    requirement: "of two descriptions of a name one is served, and all points",
    exporter: SINCE_SDK_3,
    instead: "HELP twice",
    fault: /a second HELP/,
    async check(subject) {
      const { families } = await scrapeOf(subject, TWO_DESCRIPTIONS);
      const family = families.find(({ name }) => name === "x_total");
      assert.equal(family?.help, "one");
      assert.equal(family?.samples.length, 2);
    },
  },
  {
    number: 19,
    requirement: "the help text stays while libraries change places",
    exporter: false,
    instead: "HELP twice; from 0.300 the text changes",
    fault: /a second HELP|'two' !== 'one'/,
    async check(subject) {
      const served = await subject.serve(changingPlaces());
      for (let scrapes = 0; scrapes < 3; scrapes++) {
        const { families } = await scrape(served);
        assert.equal(families.find(({ name }) => name === "x")?.help, "one");
      }
    },
  },
  {
    number: 20,
    requirement: "a conflict is logged, once",
    exporter: SINCE_SDK_3,
    instead: "not logged",
    async check(subject) {
      const served = await subject.serve(TWO_TYPES);
      for (let scrapes = 0; scrapes < 3; scrapes++) await httpGet(served.url);
      const lines = served.log.filter((line) => line.includes("x_total"));
      assert.equal(lines.length, 1, served.log.join("\n"));
    },
  },
  {
    number: 56,
    requirement: "families keep their order while libraries change places",
    exporter: false,
    instead: "the order changes",
    async check(subject) {
      const served = await subject.serve(changingPlaces(["one", "two"]));
      for (let scrapes = 0; scrapes < 3; scrapes++) {
        const { families } = await scrape(served);
        assert.deepEqual(ownNames(families.map(({ name }) => name)), ["one", "two"]);
      }
    },
  },
];
