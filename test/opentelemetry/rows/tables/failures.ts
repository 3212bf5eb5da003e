import assert from "node:assert/strict";
import { httpGet } from "../../../helpers/http/http-get.ts";
import { within } from "../../../helpers/within.ts";
import type { Row } from "../row.ts";
import { samplesOf, scrape } from "../subject.ts";

/** What is said about failures, beginning and end. */
export const FAILURES: readonly Row[] = [
  {
    number: 49,
    requirement: "nothing to serve is an empty body",
    exporter: false,
    instead: "`target_info 1`, and a comment without a line feed",
    fault: /'# no registered metrics'/,
    async check(subject) {
      const { url } = await subject.serve({ resource: {} });
      const { status, body } = await httpGet(url);
      assert.equal(status, 200);
      assert.equal(body.toString(), "");
    },
  },
  {
    number: 50,
    requirement: "a callback that throws is logged, and the rest is served",
    exporter: true,
    async check(subject) {
      const served = await subject.serve({
        count(meterOf) {
          meterOf().createUpDownCounter("a").add(1);
          meterOf()
            .createObservableGauge("b")
            .addCallback(() => {
              throw new Error("out of order");
            });
        },
      });
      assert.deepEqual(samplesOf(await scrape(served), "a"), ["a 1"]);
      assert.match(served.log.join("\n"), /out of order/);
    },
  },
  {
    number: 51,
    requirement: "a callback that never settles costs its own values",
    exporter: false,
    instead: "hangs forever",
    fault: /^Hangs: the scrape$/,
    async check(subject) {
      const served = await subject.serve({
        count(meterOf) {
          meterOf().createUpDownCounter("a").add(1);
          meterOf()
            .createObservableGauge("b")
            .addCallback(() => new Promise(() => {}));
        },
      });
      const scraped = scrape(served, { "x-prometheus-scrape-timeout-seconds": "1" });
      // It ends when the application is closed.
      scraped.catch(() => {});
      // Enough for who never answers; who does may be slow.
      const limitMs = subject.name === "promhttp" ? 30_000 : 3_000;
      assert.deepEqual(samplesOf(await within("the scrape", scraped, limitMs), "a"), ["a 1"]);
    },
  },
  {
    number: 52,
    requirement: "a scrape after the shutdown fails",
    exporter: false,
    instead: "200, and a comment",
    fault: /200 !== 500/,
    async check(subject) {
      const { provider, url } = await subject.serve({});
      await provider.shutdown();
      assert.equal((await httpGet(url)).status, 500);
    },
  },
  {
    number: 59,
    requirement: "a reader belongs to one provider, and collects nothing before",
    exporter: true,
    async check(subject) {
      const reader = subject.makeReader();
      await assert.rejects(reader.collect());
      const producer = { collect: () => Promise.reject(new Error("not asked")) };
      reader.setMetricProducer(producer);
      assert.throws(() => reader.setMetricProducer(producer));
    },
  },
];
