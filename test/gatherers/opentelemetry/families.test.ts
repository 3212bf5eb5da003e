import assert from "node:assert/strict";
import { test } from "node:test";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import type { MetricData } from "../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../src/gatherers/opentelemetry/gatherer.ts";
import type { MappingOptions } from "../../../src/gatherers/opentelemetry/mapping-options.ts";
import { PrometheusReader } from "../../../src/gatherers/opentelemetry/reader.ts";
import { lines } from "../../helpers/scraping/encode-families.ts";
import { createContext, createExpose } from "../../helpers/scraping/gathering.ts";
import { buckets, metric, point, readerOf, scope } from "./collections.ts";

const EXPONENTIAL = {
  count: 1,
  sum: 1,
  scale: 0,
  zeroCount: 0,
  positive: { offset: 0, bucketCounts: [1] },
  negative: { offset: 0, bucketCounts: [] },
};

function exposing(scopes: Parameters<typeof readerOf>[0], options?: MappingOptions) {
  const reader = readerOf(scopes);
  return { reader, expose: createExpose(gathererOf(reader, options)) };
}

test("instruments of one name are one family, and the first decides its type", async () => {
  const a = scope("a", metric("counter", "x_total", [point(1)], { description: "one" }));
  const b = scope("b", metric("gauge", "x_total", [point(2)], { description: "one" }));
  const c = scope("c", metric("counter", "x", [point(3)], { description: "two" }));
  const { reader, expose } = exposing([a, b, c]);
  const expected = {
    text: lines(
      "# HELP x_total one",
      "# TYPE x_total counter",
      'x_total{otel_scope_name="a"} 1',
      'x_total{otel_scope_name="c"} 3',
    ),
    faults: [
      'x_total: type conflict: the gauge of scope "b" has the name of the counter',
      'x_total: help conflict: kept the first, not that of scope "c"',
    ],
  };
  assert.deepEqual(await expose(), expected);
  reader.scopes = [c, b, a];
  assert.deepEqual(await expose(), expected, "whatever the order of the scopes is");
});

test("a name keeps its type while its first instrument is not collected", async () => {
  const a = scope("a", metric("counter", "x_total"));
  const { reader, expose } = exposing([a]);
  await expose();
  reader.scopes = [scope("b", metric("gauge", "x_total"))];
  const { text, faults } = await expose();
  assert.equal(text, "# TYPE x_total counter\n");
  assert.equal(faults.length, 1);
  reader.scopes = [a];
  assert.match((await expose()).text, /^x_total\{otel_scope_name="a"\} 1$/m);
});

test("instruments in conflict, and others that cannot be served, are skipped and reported", async () => {
  const histogram = point(buckets([1], [1, 0], 1));
  const table: [title: string, metrics: MetricData[], text: RegExp, faults: string[]][] = [
    [
      "histograms of two kinds",
      [metric("histogram", "h", [histogram]), metric("exponential", "h", [point(EXPONENTIAL)])],
      /^h_count\{.*\} 1$/m,
      ['h: type conflict: the exponential histogram of scope "s" has the name of the histogram'],
    ],
    [
      "a gauge and a sum",
      [metric("gauge", "g", [point(1, { a: 1 })]), metric("sum", "g", [point(2, { a: 2 })])],
      /^g\{a="1".*\} 1\ng\{a="2".*\} 2$/m,
      [],
    ],
    [
      "units",
      [
        metric("gauge", "g", [point(1, { a: 1 })], { unit: "s" }),
        metric("gauge", "g", [point(2, { a: 2 })], { unit: "ms" }),
      ],
      /^g_seconds\{.*\} 1\n# TYPE g_milliseconds gauge\ng_milliseconds\{.*\} 2$/m,
      [],
    ],
    [
      "delta temporality",
      [metric("counter", "c", [point(1)], { temporality: 0 })],
      /^$/,
      ["c_total: delta temporality: only cumulative points are served"],
    ],
    [
      "a gauge of any temporality",
      [metric("gauge", "g", [point(1)], { temporality: 0 })],
      /^g/m,
      [],
    ],
    ["no name", [metric("gauge", "é")], /^$/, ["é: no legal name is left of it"]],
    [
      "an unknown type",
      [{ ...metric("gauge", "g"), dataPointType: 9 }],
      /^$/,
      ["g: its points are of an unknown type"],
    ],
  ];
  for (const [title, metrics, text, faults] of table) {
    const exposition = await exposing([scope("s", ...metrics)]).expose();
    assert.match(exposition.text, text, title);
    assert.deepEqual(exposition.faults, faults, title);
  }
});

test("without units in names, the first unit stays and others are reported", async () => {
  const metrics = [
    metric("gauge", "g", [point(1, { a: 1 })], { unit: "s" }),
    metric("gauge", "g", [point(2, { a: 2 })], { unit: "ms" }),
  ];
  const { expose } = exposing([scope("s", ...metrics)], { unitSuffixes: false });
  const { text, faults } = await expose();
  assert.equal(text.split("\n").length, 4);
  assert.deepEqual(faults, ['g: unit conflict: kept the first, not that of scope "s"']);
});

test("without units in names, units without a word are one", async () => {
  const units = ["{order}", "", "{item}", "1"];
  const metrics = units.map((unit, a) => metric("gauge", "g", [point(1, { a })], { unit }));
  const { expose } = exposing([scope("s", ...metrics)], { unitSuffixes: false });
  assert.deepEqual((await expose()).faults, []);
});

test("an instrument called target.info is skipped beside the resource", async () => {
  const reader = readerOf([scope("s", metric("gauge", "target.info"))], { attributes: { a: "b" } });
  const { text, faults } = await createExpose(gathererOf(reader))();
  assert.match(
    text,
    /^# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info\{a="b"\} 1\n$/,
  );
  assert.deepEqual(faults, [
    'target_info: type conflict: the gauge of scope "s" has the name of the info',
  ]);
  const without = createExpose(gathererOf(reader, { targetInfoEnabled: false }));
  assert.equal(
    (await without()).text,
    '# TYPE target_info gauge\ntarget_info{otel_scope_name="s"} 1\n',
  );
});

test("nothing to serve is an empty list", async () => {
  const { families } = await gathererOf(readerOf([])).gather(createContext());
  assert.deepEqual(families, []);
});

test("the series of an instrument stay when it is created again with a longer description", async () => {
  const reader = new PrometheusReader({ targetInfoEnabled: false });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("s");
  const expose = createExpose(reader);
  meter.createCounter("c", { description: "Short." }).add(1);
  const { text } = await expose();
  meter.createCounter("c", { description: "A longer one." }).add(1);
  const again = await expose();
  assert.deepEqual(again, { text: text.replace(" 1\n", " 2\n"), faults: [] });
});

test("an instrument that a collection does not bring has no series", async () => {
  const a = metric("counter", "a");
  const b = metric("counter", "b");
  const { reader, expose } = exposing([scope("s", a, b)]);
  const { text } = await expose();
  reader.scopes = [scope("s", b)];
  assert.equal((await expose()).text, text.replace('a_total{otel_scope_name="s"} 1\n', ""));
  reader.scopes = [scope("s", b, a)];
  assert.equal((await expose()).text, text);
});

test("two metrics of one descriptor are two streams", async () => {
  const first = metric("counter", "c", [point(1, { a: 1 })]);
  const second = { ...first, dataPoints: [point(2, { a: 2 })] };
  const { expose } = exposing([scope("s", first, second)]);
  const { text } = await expose();
  assert.match(text, /^c_total\{a="1".*\} 1\nc_total\{a="2".*\} 2$/m);
  assert.equal((await expose()).text, text);
});

test("gauges of several workers stay apart, and sums add up", async () => {
  const { reader } = exposing([scope("s", metric("gauge", "g"), metric("sum", "u"))]);
  const { families } = await gathererOf(reader).gather(createContext());
  assert.deepEqual(
    [...families].map((family) => "aggregator" in family && family.aggregator),
    ["perWorker", "sum"],
  );
});
