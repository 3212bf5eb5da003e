import assert from "node:assert/strict";
import type { Row } from "../row.ts";
import { samplesOf, scrape, scrapeOf } from "../subject.ts";

/** What is said about the resource. */
export const RESOURCE: readonly Row[] = [
  {
    number: 47,
    requirement: "a resource without attributes is not a target",
    exporter: false,
    instead: "`target_info 1`",
    fault: /'target_info 1'/,
    async check(subject) {
      const scraped = await scrapeOf(subject, {
        resource: {},
        count: (meterOf) => meterOf().createUpDownCounter("a").add(1),
      });
      assert.deepEqual(samplesOf(scraped, ""), ["a 1"]);
    },
  },
  {
    number: 48,
    requirement: "a scrape waits for attributes that are found later",
    exporter: false,
    instead: "serves without them, and logs an error",
    fault: /\+ {3}'target_info\{service_name="shop"\} 1'/,
    async check(subject) {
      let find = (_id: string) => {};
      const later = new Promise<string>((resolve) => {
        find = resolve;
      });
      const served = await subject.serve({
        later: { "host.id": later },
        // It is found while the scrape runs.
        count: (meterOf) =>
          meterOf()
            .createObservableGauge("a")
            .addCallback((result) => {
              result.observe(1);
              setImmediate(find, "h");
            }),
      });
      const scraped = scrape(served);
      assert.deepEqual(samplesOf(await scraped, "target_info"), [
        'target_info{host_id="h",service_name="shop"} 1',
      ]);
      assert.deepEqual(served.log, []);
    },
  },
];
