import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, Gauge, Registry } from "prom-client";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import type { GatherContext, Gatherer } from "../../../src/model/gatherer.ts";
import type { MetricFamily, MetricType } from "../../../src/model/metric-family.ts";
import { FORMATS } from "../../../src/options/options.ts";
import { nameFilter } from "../../../src/scrape/query/name-filter.ts";
import { readSelection } from "../../../src/scrape/query/query.ts";
import { requestedFamilies } from "../../../src/scrape/query/selection.ts";
import { EVERY_TYPE } from "../../helpers/families.ts";
import { gathererWith } from "../../helpers/gatherers.ts";
import { createScraper } from "../../helpers/scraping/scraper.ts";
import { parseExposition } from "../../judge/index.ts";

/** The names of the families of `EVERY_TYPE` that a query asks for. */
function requested(query: string): string[] {
  return requestedFamilies(EVERY_TYPE, readSelection(query, {})).map(({ name }) => name);
}

const ALL = EVERY_TYPE.map(({ name }) => name);

const QUERIES: readonly {
  readonly query: string;
  readonly names: readonly string[];
}[] = [
  { query: "", names: ALL },
  { query: "a=b&debug", names: ALL },
  { query: "name=mystery", names: ALL },
  { query: "name[]=mystery", names: ["mystery"] },
  { query: "name%5B%5D=mystery", names: ["mystery"] },
  { query: "n%61me%5b%5d=my%73tery", names: ["mystery"] },
  { query: "name[]=mystery&name[]=state", names: ["mystery", "state"] },
  { query: "a=b&name[]=mystery&&c&name[]=mystery", names: ["mystery"] },
  { query: "name[]=nothing", names: [] },
  { query: "name[]=", names: [] },
  { query: "name[]", names: [] },
  { query: "name[]=mystery=", names: [] },
  { query: "name[]=Mystery", names: [] },
  // A counter, in the words of the text format and of OpenMetrics.
  { query: "name[]=requests_total", names: ["requests_total"] },
  { query: "name[]=requests", names: ["requests_total"] },
  { query: "name[]=requests_created", names: [] },
  { query: "name[]=build_info", names: ["build_info"] },
  { query: "name[]=build", names: ["build_info"] },
  { query: "name[]=latency_seconds", names: ["latency_seconds"] },
  { query: "name[]=latency_seconds_bucket", names: ["latency_seconds"] },
  { query: "name[]=latency_seconds_sum", names: ["latency_seconds"] },
  { query: "name[]=latency_seconds_count", names: ["latency_seconds"] },
  { query: "name[]=latency_seconds_gcount", names: [] },
  { query: "name[]=queue_age_gsum", names: ["queue_age"] },
  { query: "name[]=queue_age_gcount", names: ["queue_age"] },
  { query: "name[]=queue_age_sum", names: ["queue_age"] },
  { query: "name[]=size_bytes_sum", names: ["size_bytes"] },
  { query: "name[]=size_bytes_count", names: ["size_bytes"] },
  { query: "name[]=size_bytes_bucket", names: [] },
  { query: "name[]=temperature_celsius_sum", names: [] },
];

for (const { query, names } of QUERIES) {
  test(`readSelection() selects ${names.length} families for "${query}"`, () => {
    assert.deepEqual(requested(query), names);
  });
}

test("readSelection() reads UTF-8 names, plus signs and ampersands", () => {
  const families = ["a b", "http.größe", "a&b=c"].map(gauge);
  const query = "name[]=a+b&name[]=http.gr%C3%B6%C3%9Fe&name[]=a%26b%3Dc";
  assert.deepEqual(requestedFamilies(families, readSelection(query, {})), families);
});

test("nameFilter() finds an info by its name without the suffix", () => {
  const isRequested = nameFilter(new Set(["target_info", "requests_total"]));
  assert.equal(isRequested("target", "info"), true);
  assert.equal(isRequested("target", "gauge"), false);
  // The text format shows a counter under the name that it has.
  assert.equal(isRequested("requests", "counter"), false);
});

for (const format of FORMATS) {
  test(`a scrape by names in ${format} has only these families`, async () => {
    const { scrape } = createScraper(gathererWith(...EVERY_TYPE), {
      formats: [format],
      selfMetrics: true,
    });
    const shown = async (query: string): Promise<string[]> => {
      const { headers, body } = await scrape({ query });
      const families = parseExposition(headers["Content-Type"] ?? "", body);
      return families.flatMap(({ samples }) => [...new Set(samples.map(({ name }) => name))]);
    };
    assert.deepEqual(await shown("name[]=requests_total&name[]=state"), [
      "requests_total",
      "state",
    ]);
    assert.deepEqual(await shown("name[]=requests"), ["requests_total"]);
    assert.deepEqual((await shown("name[]=latency_seconds_sum")).sort(), [
      "latency_seconds_bucket",
      "latency_seconds_count",
      "latency_seconds_sum",
    ]);
    assert.deepEqual(await shown("name[]=promhttp_metric_handler_requests_in_flight"), [
      "promhttp_metric_handler_requests_in_flight",
    ]);
  });
}

test("a scrape by names runs only the collectors of these metrics", async () => {
  const runs: string[] = [];
  const registry = new Registry();
  const registers = [registry];
  const collector = (name: string) => ({
    name,
    help: name,
    registers,
    collect: () => void runs.push(name),
  });
  new Gauge(collector("free_bytes"));
  new Gauge(collector("used_bytes"));
  new Counter(collector("jobs_total"));
  const { scrape } = createScraper(gathererOf(registry));
  const run = async (query: string): Promise<string[]> => {
    runs.length = 0;
    await scrape({ query });
    return runs.toSorted();
  };
  assert.deepEqual(await run("name[]=free_bytes"), ["free_bytes"]);
  assert.deepEqual(await run("name[]=jobs&name[]=used_bytes"), ["jobs_total", "used_bytes"]);
  assert.deepEqual(await run("name[]=nothing"), []);
  assert.deepEqual(await run("nothing[]=1"), ["free_bytes", "jobs_total", "used_bytes"]);
});

test("a gatherer gets the requested names, and what it returns beyond is dropped", async () => {
  const asked: Record<string, boolean> = {};
  const gatherer: Gatherer = {
    gather({ isRequested }) {
      const types: readonly [string, MetricType][] = [
        ["up", "gauge"],
        ["hits_total", "counter"],
        ["size", "histogram"],
      ];
      for (const [name, type] of types) asked[name] = isRequested(name, type);
      return { families: [gauge("up"), gauge("other")] };
    },
  };
  const { scrape } = createScraper(gatherer);
  const { body } = await scrape({ query: "name[]=up&name[]=size_count" });
  assert.deepEqual(asked, { up: true, hits_total: false, size: true });
  assert.equal(body.toString(), "# TYPE up gauge\nup 1\n");
  await scrape();
  assert.deepEqual(asked, { up: true, hits_total: true, size: true });
});

test("two waiting scrapes share a gathering only when they ask for the same names", async () => {
  const waiting: GatherContext[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const gatherer: Gatherer = {
    async gather(context) {
      waiting.push(context);
      await released;
      return {
        families: ["a", "b"].filter((name) => context.isRequested(name, "gauge")).map(gauge),
      };
    },
  };
  const { scrape } = createScraper(gatherer);
  // What reads queries is loaded with the first.
  await scrape({ isHead: true, query: "x" });
  const queries = [
    "name[]=a",
    "name[]=b",
    "name[]=b&name[]=a",
    "name[]=a&name[]=b",
    "",
    "name[]=a",
  ];
  const answers = queries.map((query) => scrape({ query }));
  assert.equal(waiting.length, 4);
  release();
  const bodies = (await Promise.all(answers)).map(({ body }) => body.toString());
  const [a, b] = ["a", "b"].map((name) => `# TYPE ${name} gauge\n${name} 1\n`);
  assert.deepEqual(bodies, [a, b, `${a}${b}`, `${a}${b}`, `${a}${b}`, a]);
});

test("a scrape that disconnects aborts only the gathering of its own names", async () => {
  const signals = new Map<string, AbortSignal>();
  const gatherer: Gatherer = {
    gather({ signal, isRequested }) {
      signals.set(isRequested("a", "gauge") ? "a" : "b", signal);
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve({ families: [] }));
        setTimeout(() => resolve({ families: [gauge("b")] }), 50);
      });
    },
  };
  const { scrape } = createScraper(gatherer);
  await scrape({ isHead: true, query: "x" });
  const client = new AbortController();
  const left = scrape({ query: "name[]=a", signal: client.signal });
  const stays = scrape({ query: "name[]=b" });
  client.abort();
  await assert.rejects(left, /not answered/);
  assert.equal(signals.get("a")?.aborted, true);
  assert.equal(signals.get("b")?.aborted, false);
  assert.equal((await stays).body.toString(), "# TYPE b gauge\nb 1\n");
});

function gauge(name: string): MetricFamily {
  return { name, help: "", type: "gauge", metrics: [{ labels: {}, value: 1 }] };
}
