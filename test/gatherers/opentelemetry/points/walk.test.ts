import assert from "node:assert/strict";
import { test } from "node:test";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import type { DataPoint } from "../../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../../src/gatherers/opentelemetry/gatherer.ts";
import { PrometheusReader } from "../../../../src/gatherers/opentelemetry/reader.ts";
import type { Metric, MetricFamily } from "../../../../src/model/metric-family.ts";
import { runReaderOf } from "../../../../src/model/metric-run.ts";
import { scaleRuns } from "../../../helpers/scale-runs.ts";
import { createContext, createExpose } from "../../../helpers/scraping/gathering.ts";
import { createScraper } from "../../../helpers/scraping/scraper.ts";
import { buckets, type Kind, metric, point, readerOf, scope } from "../collections.ts";

const BOUNDARIES = [1, 2];

async function familiesOf(
  gatherer: ReturnType<typeof gathererOf>,
): Promise<readonly MetricFamily[]> {
  return [...(await gatherer.gather(createContext())).families];
}

/** What a walk has to give, as text. */
function readAll({ metrics }: MetricFamily): string[] {
  return Array.from<Metric, string>(metrics, (one) =>
    JSON.stringify([one.labels, "value" in one ? one.value : one.count]),
  );
}

const COLUMNS = ["counter", "gauge", "histogram"] as const;

test("text that was kept equals text that is new, whatever has changed between scrapes", async () => {
  /** What becomes of a series between two scrapes. */
  const change = fc.constantFrom("same", "more", "moved", "gone", "bounds", "exemplar", "new");
  const scrapes = fc.array(fc.array(change, { maxLength: 12 }), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...COLUMNS), scrapes, async (kind, changes) => {
      const reader = readerOf([]);
      const gatherer = gathererOf(reader);
      const scraper = createScraper(gatherer);
      let points: DataPoint[] = [];
      for (const ofScrape of changes) {
        points = ofScrape.reduce((list, what, at) => changed(list, kind, what, at), points);
        const one = { ...DESCRIBED[kind], dataPoints: points };
        const other = { ...DESCRIBED[kind], dataPoints: points.slice(0, 3) };
        reader.scopes = [
          { ...scope("a", one), scope: SCOPE },
          scope("b", { ...other, descriptor: OTHER }),
        ];
        for (const accept of ["text/plain", "application/openmetrics-text;version=1.0.0"]) {
          const { body } = await scraper.scrape({ accept });
          const fresh = await createScraper(gathererOf(reader)).scrape({ accept });
          assert.equal(body.toString(), fresh.body.toString());
        }
      }
    }),
    { numRuns: scaleRuns(25) },
  );
});

const SCOPE = { name: "a" };
const OTHER = { name: "m", description: "", unit: "" };
const DESCRIBED = {
  counter: metric("counter", "m"),
  gauge: metric("gauge", "m"),
  histogram: metric("histogram", "m"),
};

let made = 0;

/** Changes a list of points as a collection may. */
function changed(points: readonly DataPoint[], kind: Kind, what: string, at: number): DataPoint[] {
  const old = points[at];
  const value = kind === "histogram" ? buckets(BOUNDARIES, [++made, 1, 0], made) : ++made;
  if (old === undefined || what === "new") return [...points, point(value, { id: made })];
  switch (what) {
    case "more":
      return points.with(at, { ...old, value });
    case "moved":
      return [...points.slice(0, at), ...points.slice(at + 1), old];
    case "gone":
      return points.toSpliced(at, 1);
    case "bounds":
      if (kind !== "histogram") return points.with(at, { ...old, attributes: { id: made } });
      return points.with(at, { ...old, value: buckets([1, 3], [made, 1, 0], made) });
    case "exemplar": {
      const exemplar = { value: 1, timestamp: [1, 0] as const, traceId: "t" };
      return points.with(at, { ...old, exemplars: [exemplar] });
    }
    default:
      return [...points];
  }
}

test("a walk has the points of one collection, however long it takes", async () => {
  const reader = new PrometheusReader({ targetInfoEnabled: false, scopeInfoEnabled: false });
  const counter = new MeterProvider({ readers: [reader] }).getMeter("s").createCounter("c");
  for (const id of [1, 2, 3]) counter.add(1, { id });
  const [family] = await familiesOf(reader);
  assert.ok(family);
  const slow = family.metrics[Symbol.iterator]();
  slow.next();
  for (const id of [1, 2, 3, 4]) counter.add(1, { id });
  await reader.gather(createContext());
  const rest = Array.from({ length: 2 }, () => slow.next().value);
  assert.deepEqual(
    rest.map((one) => one !== undefined && "value" in one && one.value),
    [1, 1],
  );
  assert.equal(slow.next().done, true);
  assert.deepEqual(readAll(family), [
    '[{"id":"1"},2]',
    '[{"id":"2"},2]',
    '[{"id":"3"},2]',
    '[{"id":"4"},1]',
  ]);
});

test("two walks at the same time do not disturb each other", async () => {
  const points = [1, 2].map((id) => point(id, { id }));
  const reader = readerOf([scope("s", metric("counter", "c", points))]);
  const [family] = await familiesOf(gathererOf(reader, { scopeInfoEnabled: false }));
  assert.ok(family);
  const first = family.metrics[Symbol.iterator]();
  first.next();
  assert.deepEqual(readAll(family), ['[{"id":"1"},1]', '[{"id":"2"},2]']);
  assert.equal(first.next().value?.labels["id"], "2");
});

test("a point that has moved among others is served with its own labels", async () => {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((id, index) => point(index, { id }));
  assert.ok(a && b && c && d);
  const one = metric("counter", "c", [a, b, c, d]);
  const reader = readerOf([scope("s", one)]);
  const expose = createExpose(gathererOf(reader, { scopeInfoEnabled: false }));
  await expose();
  reader.scopes = [scope("s", { ...one, dataPoints: [a, c, b, d] })];
  const samples = [
    'c_total{id="a"} 0',
    'c_total{id="c"} 2',
    'c_total{id="b"} 1',
    'c_total{id="d"} 3',
  ];
  for (let time = 0; time < 2; time++) {
    assert.deepEqual((await expose()).text.split("\n").slice(1, -1), samples);
  }
});

test("a point that has moved while another came is served once", async () => {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((id, index) => point(index, { id }));
  assert.ok(a && b && c && d);
  const one = metric("counter", "c", [a, b, c]);
  const reader = readerOf([scope("s", one)]);
  const expose = createExpose(gathererOf(reader, { scopeInfoEnabled: false }));
  await expose();
  reader.scopes = [scope("s", { ...one, dataPoints: [a, d, c, b] })];
  const { text, faults } = await expose();
  assert.equal(text.match(/id="b"/g)?.length, 1);
  assert.deepEqual(faults, []);
});

test("a walk tells the labels before the current metric, of all streams", async () => {
  const points = [1, 2].map((id) => point(id, { id }));
  const scopes = ["a", "b"].map((name) => scope(name, metric("counter", "c", points)));
  const [family] = await familiesOf(gathererOf(readerOf(scopes)));
  assert.ok(family);
  const reader = runReaderOf(family.metrics) as unknown as Iterator<unknown> & {
    labelsBefore(): Iterable<{ id: string }>;
  };
  const before: string[][] = [];
  while (!reader.next().done) before.push(Array.from(reader.labelsBefore(), ({ id }) => id));
  assert.deepEqual(before, [[], ["1"], ["1", "2"], ["1", "2", "1"]]);
});

test("exponential histograms are read one by one", async () => {
  const reader = readerOf([scope("s", metric("exponential", "e", []))]);
  const [family] = await familiesOf(gathererOf(reader));
  assert.ok(family);
  assert.equal(runReaderOf(family.metrics), undefined);
});
