import assert from "node:assert/strict";
import { test } from "node:test";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import type { DataPoint } from "../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../src/gatherers/opentelemetry/gatherer.ts";
import type { MappingOptions } from "../../../src/gatherers/opentelemetry/mapping-options.ts";
import { PrometheusReader } from "../../../src/gatherers/opentelemetry/reader.ts";
import { createContext, createExpose } from "../../helpers/scraping/gathering.ts";
import { metric, point, readerOf, scope } from "./collections.ts";

const SAME = "c_total: two metrics have the same labels; kept the first";

function counterOf(...points: readonly DataPoint[]) {
  return metric("counter", "c", points);
}

function samplesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("of two equal label sets the first is served, and this is reported each time", async () => {
  const points = [point(1, { a: 1 }), point(2, { a: "1" }), point(3, { a: "2" })];
  const expose = createExpose(gathererOf(readerOf([scope("s", counterOf(...points))])));
  for (let time = 0; time < 2; time++) {
    const { text, faults } = await expose();
    assert.deepEqual(samplesOf(text), [
      'c_total{a="1",otel_scope_name="s"} 1',
      'c_total{a="2",otel_scope_name="s"} 3',
    ]);
    assert.deepEqual(faults, [SAME]);
  }
});

test("a later label set is compared with all before it", async () => {
  const first = Array.from({ length: 200 }, (_, a) => point(a, { a }));
  const reader = readerOf([scope("s", counterOf(...first))]);
  const expose = createExpose(gathererOf(reader));
  assert.deepEqual((await expose()).faults, []);
  reader.scopes = [
    scope("s", { ...counterOf(...first, point(9, { a: "7" }), point(9, { a: "x" })) }),
  ];
  const { text, faults } = await expose();
  assert.equal(samplesOf(text).length, 201);
  assert.deepEqual(faults, [SAME]);
});

test("instruments of two scopes without scope labels do not repeat series", async () => {
  const points = [point(1, { a: 1 }), point(2, { a: 2 })];
  const scopes = [scope("s", counterOf(...points)), scope("t", counterOf(...points, point(3, {})))];
  const options: MappingOptions = { scopeInfoEnabled: false };
  const { text, faults } = await createExpose(gathererOf(readerOf(scopes), options))();
  assert.deepEqual(samplesOf(text), ['c_total{a="1"} 1', 'c_total{a="2"} 2', "c_total 3"]);
  assert.deepEqual(faults, [SAME]);
});

test("an attribute that looks like a label of another scope does not repeat its series", async () => {
  const a = scope("s", counterOf(point(1, { otel_scope_version: "1" })));
  const b = { ...scope("s", counterOf(point(2))), scope: { name: "s", version: "1" } };
  const { text, faults } = await createExpose(gathererOf(readerOf([a, b])))();
  assert.deepEqual(samplesOf(text), ['c_total{otel_scope_version="1",otel_scope_name="s"} 1']);
  assert.deepEqual(faults, [SAME]);
});

test("what was left out is served when the first is gone", async () => {
  const a = scope("s", counterOf(point(1, { a: 1 })));
  const b = scope("t", counterOf(point(2, { a: 1 })));
  const reader = readerOf([a, b]);
  const expose = createExpose(gathererOf(reader, { scopeInfoEnabled: false }));
  assert.deepEqual(samplesOf((await expose()).text), ['c_total{a="1"} 1']);
  reader.scopes = [b];
  assert.deepEqual(await expose(), {
    text: '# TYPE c_total counter\nc_total{a="1"} 2\n',
    faults: [],
  });
});

test("series of other producers are compared, because they may repeat", async () => {
  const producer = readerOf([scope("s", counterOf(point(1, { a: "1" }), point(2, { a: "1" })))]);
  const expose = createExpose(gathererOf(readerOf([]), { metricProducers: [producer] }));
  const { text, faults } = await expose();
  assert.equal(samplesOf(text).length, 1);
  assert.deepEqual(faults, [SAME]);
});

test("label sets are compared once a producer brings other objects than before", async () => {
  const [a, b, c] = ["1", "2", "3"].map((id, index) => point(index, { a: id }));
  assert.ok(a && b && c);
  const one = counterOf(a, b, c);
  const reader = readerOf([scope("", one)]);
  const expose = createExpose(gathererOf(reader));
  assert.deepEqual((await expose()).faults, []);
  reader.scopes = [scope("", { ...one, dataPoints: [a, point(9, { a: "1" }), c] })];
  for (let time = 0; time < 2; time++) {
    const { text, faults } = await expose();
    assert.deepEqual(samplesOf(text), ['c_total{a="1"} 0', 'c_total{a="3"} 2']);
    assert.deepEqual(faults, [SAME]);
  }
});

test("an attributes object that a caller changes and records with again is one series", async () => {
  const reader = new PrometheusReader({ targetInfoEnabled: false });
  const counter = new MeterProvider({ readers: [reader] }).getMeter("s").createCounter("c");
  const expose = createExpose(reader);
  const attributes = { user: 1 };
  for (let user = 1; user <= 3; user++) {
    attributes.user = user;
    counter.add(user, attributes);
  }
  counter.add(9, { user: 9 });
  for (let time = 0; time < 2; time++) {
    const { text, faults } = await expose();
    assert.deepEqual(samplesOf(text), [
      'c_total{user="3",otel_scope_name="s"} 1',
      'c_total{user="9",otel_scope_name="s"} 9',
    ]);
    assert.deepEqual(faults, [
      "c_total: two label sets share one attributes object; kept the first",
    ]);
  }
});

test("labels stay what they were when a caller changes its attributes object", async () => {
  const reader = new PrometheusReader({ targetInfoEnabled: false });
  const counter = new MeterProvider({ readers: [reader] }).getMeter("s").createCounter("c");
  const expose = createExpose(reader);
  const attributes = { user: 1 };
  counter.add(1, attributes);
  const { text } = await expose();
  attributes.user = 2;
  assert.equal((await expose()).text, text);
});

test("a family promises that its label sets are unique", async () => {
  const reader = readerOf([scope("s", counterOf(point(1, { a: 1 }), point(2, { a: "1" })))]);
  const gatherer = gathererOf(reader);
  const { families } = await gatherer.gather(createContext());
  assert.deepEqual(
    [...families].map(({ hasUniqueLabels }) => hasUniqueLabels),
    [true],
  );
});

test("an attribute with an empty key is left out and reported", async () => {
  const reader = readerOf([scope("s", counterOf(point(1, { "": "x", a: 1 })))]);
  const { text, faults } = await createExpose(gathererOf(reader))();
  assert.deepEqual(samplesOf(text), ['c_total{a="1",otel_scope_name="s"} 1']);
  assert.deepEqual(faults, ["c_total: an attribute has an empty key; skipped it"]);
});

test("attributes that are not an object do not cost other series", async () => {
  const reader = new PrometheusReader({ scopeInfoEnabled: false, targetInfoEnabled: false });
  const counter = new MeterProvider({ readers: [reader] }).getMeter("s").createCounter("c");
  counter.add(1);
  // Not type-checked: the SDK takes what it gets.
  for (const attributes of ["ab", 5, ["x"]]) counter.add(2, attributes as never);
  const { text } = await createExpose(reader)();
  assert.deepEqual(samplesOf(text), [
    "c_total 3",
    'c_total{key_0="a",key_1="b"} 2',
    'c_total{key_0="x"} 2',
  ]);
});

test("attributes that cannot be read are skipped and reported", async () => {
  const attributes = {
    get a(): never {
      throw new Error("unreadable");
    },
  };
  const missing = { ...point(2), attributes: undefined as never };
  const reader = readerOf([scope("", counterOf(point(1, attributes), missing))]);
  const expose = createExpose(gathererOf(reader));
  for (let time = 0; time < 2; time++) {
    const { text, faults } = await expose();
    assert.deepEqual(samplesOf(text), ["c_total 2"]);
    assert.deepEqual(faults, ["c_total: the attributes of a label set cannot be read; skipped it"]);
  }
});
