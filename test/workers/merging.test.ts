import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Application } from "../helpers/workers/application.ts";
import type { Reading } from "../helpers/workers/reading.ts";
import type { Worker } from "../helpers/workers/worker.ts";
import { parseText } from "../judge/text/text.ts";

// What becomes of each type of metric: one application, and metrics of its own for each test.

const OPENMETRICS = { accept: "application/openmetrics-text;version=1.0.0" };

let app: Application;
let workers: readonly [Worker, Worker, Worker];

before(async () => {
  app = await Application.open({ kind: "fork", count: 3 });
  const [first, second, third] = app.workers;
  assert.ok(first && second && third);
  workers = [first, second, third];
});

after(() => app.close());

/** Sets a gauge in every worker, in the order of their numbers, and reads what becomes of it. */
async function gaugeOf(
  values: readonly [Value, Value, Value],
  aggregator?: string,
): Promise<number | undefined> {
  const name = `gauge_${gauges++}`;
  for (const [index, worker] of workers.entries())
    await worker.tell("set", name, values[index] ?? 0, aggregator);
  return (await app.scrape()).value(name);
}

type Value = number | "NaN" | "Infinity" | "-Infinity";
let gauges = 0;

const GAUGES: readonly {
  readonly name: string;
  readonly aggregator?: string;
  readonly values: readonly [Value, Value, Value];
  readonly expected: number | undefined;
}[] = [
  { name: "is summed", values: [1, 2, 4], expected: 7 },
  { name: "that is NaN in one worker is NaN", values: [1, "NaN", 4], expected: Number.NaN },
  { name: "that is Inf in one worker is Inf", values: [1, "Infinity", 4], expected: Infinity },
  { name: "is its least value with min", aggregator: "min", values: [3, 1, 4], expected: 1 },
  { name: "is its largest with max", aggregator: "max", values: [3, 9, 4], expected: 9 },
  { name: "skips NaN with max", aggregator: "max", values: ["NaN", 1, 2], expected: 2 },
  { name: "skips NaN with min", aggregator: "min", values: [2, "NaN", 1], expected: 1 },
  {
    name: "is NaN with max if all are",
    aggregator: "max",
    values: ["NaN", "NaN", "NaN"],
    expected: Number.NaN,
  },
  {
    name: "keeps -Inf with min",
    aggregator: "min",
    values: [1, "-Infinity", 2],
    expected: -Infinity,
  },
  { name: "is an average", aggregator: "average", values: [1, 2, 6], expected: 3 },
  { name: "is left out with omit", aggregator: "omit", values: [1, 2, 3], expected: undefined },
  { name: "is that of the first worker", aggregator: "first", values: [8, 2, 3], expected: 8 },
];

for (const { name, values, aggregator, expected } of GAUGES) {
  test(`a gauge ${name}`, async () => {
    assert.equal(await gaugeOf(values, aggregator), expected);
  });
}

test("a gauge with first does not flap", async () => {
  for (const worker of workers) await worker.tell("set", "leader", worker.pid, "first");
  for (let count = 0; count < 5; count++)
    assert.equal((await app.scrape()).value("leader"), workers[0].pid);
});

for (const [aggregator, pattern] of [
  ["function", /.*"by_function".*/],
  ["median", /.*"by_median".*/],
] as const) {
  test(`a gauge whose aggregator is ${aggregator} costs no other, and is reported`, async () => {
    const name = `by_${aggregator}`;
    await workers[1].tell("set", name, 5, aggregator);
    await workers[1].tell("set", `beside_${name}`, 6);
    const reading = await app.scrape();
    assert.equal(reading.value(`beside_${name}`), 6);
    assert.ok([5, undefined].includes(reading.value(name)));
    await app.errorLine(pattern);
  });
}

test("a summary is that of each worker, with its number", async () => {
  for (const worker of workers) await worker.tell("summarize", "size_bytes", 10);
  const reading = await app.scrape();
  assert.deepEqual(reading.lines("size_bytes"), [
    '{quantile="0.5",worker="0"} 10',
    '{quantile="0.5",worker="1"} 10',
    '{quantile="0.5",worker="2"} 10',
  ]);
  assert.deepEqual(reading.lines("size_bytes_count"), [
    '{worker="0"} 1',
    '{worker="1"} 1',
    '{worker="2"} 1',
  ]);
});

test("a histogram with other bounds in one worker keeps those in common, and is reported", async () => {
  await workers[0].tell("observe", "wait_seconds", 0.5, [1, 10]);
  await workers[1].tell("observe", "wait_seconds", 7, [1, 5]);
  await workers[2].tell("observe", "wait_seconds", 0.5, [1, 10]);
  const reading = await app.scrape();
  assert.deepEqual(reading.lines("wait_seconds_bucket"), ['{le="+Inf"} 3', '{le="1"} 2']);
  assert.equal(reading.value("wait_seconds_sum"), 8);
  await app.errorLine(/.*"wait_seconds".*/);
});

test("of two types of one name the first worker's is served, the other reported", async () => {
  await workers[0].tell("inc", "ambiguous", 3);
  await workers[1].tell("set", "ambiguous", 100);
  await workers[2].tell("inc", "ambiguous", 4);
  const reading = await app.scrape();
  assert.equal(reading.value("ambiguous"), 7);
  assert.equal(reading.families.find(({ name }) => name === "ambiguous")?.type, "counter");
  await app.errorLine(/.*"ambiguous".*/);
});

test("the latest exemplar of all workers stands beside the sum", async () => {
  const traceIdOf = (reading: Reading) =>
    reading.samples("traced_total")[0]?.exemplar?.labels.get("trace_id");
  for (const [index, worker] of workers.entries()) {
    await worker.tell("incWithExemplar", "traced_total", `trace-${index}`);
    assert.equal(traceIdOf(await app.scrape(OPENMETRICS)), `trace-${index}`);
  }
  const reading = await app.scrape(OPENMETRICS);
  assert.equal(reading.value("traced_total"), 3);
});

test("OpenMetrics and text are served at the same time", async () => {
  for (const worker of workers) await worker.tell("inc", "both_total", 2);
  const [openMetrics, text] = await Promise.all([app.scrape(OPENMETRICS), app.scrape()]);
  assert.equal(openMetrics.value("both_total"), 6);
  assert.equal(text.value("both_total"), 6);
  assert.match(openMetrics.text, /^# TYPE both counter$/m);
  assert.equal(openMetrics.text.match(/# EOF/g)?.length, 1);
});

test("labels that are odd are as their library prints them, and kept apart", async () => {
  for (const worker of workers) await worker.tell("incOddly", "odd_total");
  const own = parseText(Buffer.from(await workers[0].tell("own")), { lenient: true });
  const expected = own.find(({ name }) => name === "odd_total")?.samples ?? [];
  const reading = await app.scrape();
  const keyOf = (labels: ReadonlyMap<string, string>) =>
    JSON.stringify([...labels].filter(([, value]) => value !== "").sort());
  const sums = new Map(
    reading.samples("odd_total").map(({ labels, value }) => [keyOf(labels), value]),
  );
  assert.ok(expected.length >= 20);
  assert.deepEqual(
    sums,
    new Map(expected.map(({ labels, value }) => [keyOf(labels), value * workers.length])),
  );
});

test("the order of labels makes no difference", async () => {
  await workers[0].tell("inc", "ordered_total", 1, { a: "1", b: "2", c: "" });
  await workers[1].tell("inc", "ordered_total", 2, { b: "2", a: "1" });
  assert.deepEqual((await app.scrape()).lines("ordered_total"), ['{a="1",b="2"} 3']);
});

test("default labels of a worker are part of its label sets", async () => {
  const worker = await app.addWorker();
  try {
    await worker.tell("setDefaultLabels", { region: "north" });
    await worker.tell("inc", "regional_total", 1);
    await workers[0].tell("inc", "regional_total", 2);
    const reading = await app.scrape();
    assert.deepEqual(reading.lines("regional_total"), ["2", '{region="north"} 1']);
  } finally {
    // The others read what three workers say.
    await worker.end("exit");
  }
});

test("an info metric is there once for each label set", async () => {
  await workers[0].tell("inform", "build_info", "1.0");
  await workers[1].tell("inform", "build_info", "1.0");
  await workers[2].tell("inform", "build_info", "1.1");
  const reading = await app.scrape();
  assert.deepEqual(reading.lines("build_info"), ['{version="1.0"} 1', '{version="1.1"} 1']);
});

test("a counter that is reset in one worker does not fall, and counts on", async () => {
  for (const worker of workers) await worker.tell("inc", "reset_total", 10);
  assert.equal((await app.scrape()).value("reset_total"), 30);
  await workers[1].tell("reset", "reset_total");
  assert.equal((await app.scrape()).value("reset_total"), 30);
  await workers[1].tell("inc", "reset_total", 3);
  assert.equal((await app.scrape()).value("reset_total"), 33);
});

test("a series stays until no worker has it", async () => {
  const labels = { queue: "mail" };
  for (const worker of workers) await worker.tell("inc", "removed_total", 10, labels);
  assert.deepEqual((await app.scrape()).lines("removed_total"), ['{queue="mail"} 30']);
  await workers[0].tell("remove", "removed_total", labels);
  await workers[1].tell("remove", "removed_total", labels);
  assert.deepEqual((await app.scrape()).lines("removed_total"), ['{queue="mail"} 30']);
  await workers[2].tell("remove", "removed_total", labels);
  assert.deepEqual((await app.scrape()).lines("removed_total"), []);
});

test("two scrapers at once cost one collection in each worker", async () => {
  const hold = await app.hold();
  for (const worker of workers) await worker.tell("collectAfter", "collections", hold);
  const scrapes = [app.scrape(), app.scrape({ accept: "text/plain" })];
  for (const worker of workers) await worker.tell("awaitCollectors", 1);
  await app.release(hold);
  for (const reading of await Promise.all(scrapes)) assert.equal(reading.value("collections"), 3);
  assert.equal((await app.scrape()).value("collections"), 6);
});

test("workers run no collector that name[] does not ask for", async () => {
  for (const worker of workers) {
    await worker.tell("collect", "counted_collections", "count");
    await worker.tell("inc", "selected_total", 2);
  }
  const reading = await app.scrape({}, "?name[]=selected_total");
  assert.deepEqual(
    reading.families.map(({ name }) => name),
    ["selected_total"],
  );
  assert.equal(reading.value("selected_total"), 6);
  assert.equal((await app.scrape()).value("counted_collections"), 3);
});

test("a scrape of names leaves the values of the others alone", async () => {
  for (const worker of workers) await worker.tell("inc", "unselected_total", 2);
  assert.equal((await app.scrape()).value("unselected_total"), 6);
  await app.scrape({}, "?name[]=selected_total");
  assert.equal((await app.scrape()).value("unselected_total"), 6);
});
