// What the values of several workers become.
import assert from "node:assert/strict";
import { assertAnswered, assertSame, assertValue, matching, valueIn } from "../samples.mjs";

const each = (workers, work, ...args) =>
  Promise.all(workers.map((worker, index) => worker.run(work, index, ...args)));

export const VALUES = [
  {
    row: 1,
    title: "counters of four workers, labels in another order or empty",
    workers: 4,
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        const labelNames = ["a", "b", "c"];
        const counter = new client.Counter({ name: "c_total", help: "h", labelNames });
        const labels = [
          { a: "1", b: "2" },
          { b: "2", a: "1" },
          { a: "1", b: "2", c: "" },
        ];
        counter.inc(labels[index] ?? labels[0], index + 1);
      });
      assertValue(await app.scrape(), "c_total", 10);
    },
  },
  {
    row: 2,
    title: "a gauge is NaN or infinite in one worker",
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        const gauge = (name, aggregator, value) =>
          new client.Gauge({ name, help: "h", aggregator }).set(index === 1 ? value : index);
        gauge("g_nan", "sum", Number.NaN);
        gauge("g_inf", "sum", Number.POSITIVE_INFINITY);
        gauge("g_max", "max", Number.NaN);
        gauge("g_min", "min", Number.NEGATIVE_INFINITY);
      });
      const { body } = await app.scrape();
      const values = ["g_nan", "g_inf", "g_max", "g_min"].map((name) => valueIn(body, name));
      assertSame(values.map(inOneWay), ["NaN", "Inf", "2", "-Inf"]);
    },
  },
  {
    row: 3,
    title: "minimum, maximum, average, omit",
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        for (const aggregator of ["min", "max", "average", "omit"]) {
          new client.Gauge({ name: `g_${aggregator}`, help: "h", aggregator }).set(index + 1);
        }
      });
      const { body } = await app.scrape();
      const values = ["g_min", "g_max", "g_average"].map((name) => valueIn(body, name));
      assertSame(values, ["1", "3", "2"]);
      assert.equal(matching(body, "g_omit").length, 0);
    },
  },
  {
    row: 4,
    title: "`first` when the first worker answers last",
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        const collect = () => new Promise((resolve) => setTimeout(resolve, index === 0 ? 60 : 0));
        new client.Gauge({ name: "g_first", help: "h", aggregator: "first", collect }).set(index);
      });
      for (let turn = 0; turn < 3; turn++) assertValue(await app.scrape(), "g_first", 0);
    },
  },
  {
    row: 5,
    title: "a summary in three workers, whose medians are 10",
    async run(app) {
      await each(app.workers, ({ client }) =>
        new client.Summary({ name: "s", help: "h", percentiles: [0.5] }).observe(10),
      );
      const medians = matching((await app.scrape()).body, "s", { quantile: "0.5" });
      assertSame(
        medians.map(({ value }) => value),
        ["10", "10", "10"],
      );
    },
  },
  {
    row: 6,
    title: "a histogram with bounds 1, 10 here and 1, 5 there",
    workers: 2,
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        const buckets = index === 0 ? [1, 10] : [1, 5];
        new client.Histogram({ name: "h", help: "h", buckets }).observe(index === 0 ? 7 : 3);
      });
      const buckets = matching((await app.scrape()).body, "h_bucket");
      assertSame(
        buckets.map(({ labels, value }) => `${labels.le} ${value}`),
        ["1 0", "+Inf 2"],
      );
    },
  },
  {
    row: 7,
    title: "one name, a counter here and a gauge there",
    workers: 2,
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        if (index === 0) new client.Counter({ name: "x", help: "h" }).inc(3);
        else new client.Gauge({ name: "x", help: "h" }).set(40);
      });
      const { body } = await app.scrape();
      const types = body.match(/^# TYPE x\w* \w+$/gm);
      assertSame(types?.length, 1, "types:");
      const [sample] = [...matching(body, "x"), ...matching(body, "x_total")];
      assertSame(sample?.value, "3");
    },
  },
  {
    row: 8,
    title: "exemplars, for OpenMetrics",
    workers: 2,
    async run(app) {
      for (const [index, worker] of app.workers.entries()) {
        await worker.run(async ({ client }, id) => {
          client.register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
          const counter = new client.Counter({ name: "e_total", help: "h", enableExemplars: true });
          // Of two exemplars of one millisecond neither is the later.
          await new Promise((resolve) => setTimeout(resolve, 20));
          counter.inc({ value: 1, exemplarLabels: { trace_id: id } });
        }, `trace-${index}`);
      }
      const { body } = await app.scrape({ headers: [OPENMETRICS] });
      assert.ok(/^e_total.* 2(?:\.0)? # \{trace_id="trace-1"\}/m.test(body), "none");
    },
  },
  {
    row: 9,
    title: "OpenMetrics for one scraper, and text for another",
    async run(app) {
      await each(app.workers, ({ client }) =>
        new client.Counter({ name: "c_total", help: "h" }).inc(),
      );
      const [open, text] = await Promise.all([
        app.scrape({ headers: [OPENMETRICS] }),
        app.scrape({ headers: ["Accept: text/plain;version=0.0.4"] }),
      ]);
      assert.ok(/^application\/openmetrics-text/.test(open.contentType), "text");
      assert.ok(/^# TYPE c counter\n(?:#.*\n)*c_total 3(?:\.0)?$/m.test(open.body), "name");
      assertSame(open.body.split("# EOF").length, 2, "# EOF");
      assert.ok(/^text\/plain/.test(text.contentType), "not text");
      assert.ok(/^# TYPE c_total counter\nc_total 3$/m.test(text.body), "name in text");
    },
  },
  {
    row: 10,
    title: "label values with quotes and newlines, numbers, `undefined`",
    workers: 2,
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        const labelNames = ["l", "m"];
        const counter = new client.Counter({ name: "c_total", help: "h", labelNames });
        for (const l of ['a"b', "a\nb", "a|b", 5, undefined]) counter.inc({ l, m: "x" });
        // The libraries themselves may take these for one, so each worker has one of them.
        counter.inc(index === 0 ? { l: "a", m: "|b" } : { l: "a|", m: "b" });
      });
      const series = matching((await app.scrape()).body, "c_total");
      assertSame(
        series.map(({ labels, value }) => `${labels.l ?? "(none)"} ${labels.m} ${value}`).sort(),
        ["5 x 2", 'a\\"b x 2', "a |b 1", "a\\nb x 2", "a| b 1", "a|b x 2", "undefined x 2"].sort(),
      );
    },
  },
  {
    row: 11,
    title: "`setDefaultLabels()` in a worker",
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        new client.Counter({ name: "c_total", help: "h" }).inc();
        if (index === 0) client.register.setDefaultLabels({ zone: "z" });
      });
      const answer = await app.scrape();
      assertValue(answer, "c_total", 1, { zone: "z" });
      assertValue(answer, "c_total", 2, { zone: "" });
    },
  },
  {
    row: 12,
    title: "an info gauge in three workers",
    async run(app) {
      await each(app.workers, ({ client }) =>
        new client.Gauge({ name: "build_info", help: "h", labelNames: ["version"] }).set(
          { version: "1.2.3" },
          1,
        ),
      );
      assertValue(await app.scrape(), "build_info", 1);
    },
  },
  {
    row: 13,
    title: "default metrics of three threads: what the process has once is served once",
    only: "threads",
    async run(app) {
      await each([app.hub, ...app.workers], ({ client }) => {
        client.collectDefaultMetrics();
      });
      const { body } = await app.scrape();
      const resident = await app.hub.run(() => process.memoryUsage.rss());
      assert.ok(Number(valueIn(body, "process_resident_memory_bytes")) < 1.5 * resident, "summed");
      assert.equal(matching(body, "nodejs_heap_size_total_bytes").length, 4);
    },
  },
  {
    row: 14,
    title: "default metrics of three processes are kept apart",
    only: "processes",
    async run(app) {
      await each(app.workers, ({ client }) => {
        client.collectDefaultMetrics();
      });
      const { body } = await app.scrape();
      assert.equal(matching(body, "process_resident_memory_bytes").length, 3, "summed");
    },
  },
  {
    row: 15,
    title: "the primary's own metrics",
    async run(app) {
      await each([app.hub, ...app.workers], ({ client }) =>
        new client.Counter({ name: "c_total", help: "h" }).inc(),
      );
      assertValue(await app.scrape(), "c_total", 4);
    },
  },
  {
    row: 16,
    title: "an unknown aggregator, or a function, in one worker",
    async run(app) {
      await each(app.workers, ({ client }, index) => {
        new client.Counter({ name: "c_total", help: "h" }).inc();
        if (index > 0) return;
        new client.Gauge({ name: "odd", help: "h", aggregator: "median" }).set(1);
        new client.Gauge({ name: "own", help: "h", aggregator: (all) => all[0] }).set(7);
      });
      const answer = await app.scrape();
      assertAnswered(answer);
      assertValue(answer, "c_total", 3);
    },
  },
];

const OPENMETRICS = "Accept: application/openmetrics-text;version=1.0.0";

function inOneWay(value) {
  return value.replace("+Inf", "Inf").replace("Infinity", "Inf").replace("Nan", "NaN");
}
