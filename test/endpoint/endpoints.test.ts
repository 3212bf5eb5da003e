import assert from "node:assert/strict";
import { test } from "node:test";
import { createEndpoints } from "../../src/endpoint/endpoints.ts";
import { createLog } from "../../src/log.ts";
import type { Gatherer } from "../../src/model/gatherer.ts";
import type { Probe } from "../../src/model/probe.ts";
import { resolveOptions } from "../../src/options/rules.ts";
import { gaugeOf } from "../helpers/families.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { tick } from "../helpers/turns.ts";
import { scraperOf } from "../scrape/harness.ts";

/** Some 40 KB of text, in metrics that stay the same objects. */
const source = gathererWith(
  gaugeOf(Array.from({ length: 2_000 }, (_, n) => ({ labels: { number: n }, value: n }))),
);

/** Scrapes two paths by turns, and returns the bytes that are kept after each scrape of each. */
async function keptBytes(maxKeptBytes: number): Promise<readonly number[]> {
  const options = resolveOptions({ maxKeptBytes, selfMetrics: false });
  const parts = { gatherer: source, options, log: createLog(false), paths: [] };
  const served = { gatherers: new Map([["/db", source]]), probes: new Map() };
  const { main } = await createEndpoints(parts, served);
  const { scrape, further, close } = main;
  const { store } = main.parts.exposer;
  const kept: number[] = [];
  for (const one of [scrape, further?.get("/db") ?? assert.fail()]) {
    const scraper = scraperOf({ scrape: one });
    for (let time = 0; time < 3; time++) await scraper.get();
    kept.push(store.footprint);
  }
  await close();
  assert.equal(store.footprint, 0);
  return kept;
}

test("close() stops the probes that still run", async () => {
  let signal: AbortSignal | undefined;
  const probe: Probe = {
    allow: "any",
    probe(context) {
      signal = context.signal;
      return new Promise(() => {});
    },
  };
  const parts = { gatherer: source, options: resolveOptions(), log: createLog(false), paths: [] };
  const served = { gatherers: new Map(), probes: new Map([["/probe", probe]]) };
  const { main } = await createEndpoints(parts, served);
  const scrape = main.further?.get("/probe") ?? assert.fail();
  const answer = scraperOf({ scrape }).get({ query: "target=a" });
  while (signal === undefined) await tick();
  await main.close();
  assert.equal((await answer)?.status, 503);
  assert.equal(signal.aborted, true);
});

test("however many targets fail, the log has room for what else fails", async () => {
  const lines: string[] = [];
  const logger = { error: (line: string) => lines.push(line), warn() {} };
  const gatherer: Gatherer = { gather: () => Promise.reject(new Error("Broken")) };
  const probe: Probe = { allow: "any", probe: () => Promise.reject(new Error("Down")) };
  const parts = {
    gatherer,
    options: resolveOptions({ logger }),
    log: createLog(logger),
    paths: [],
  };
  const served = { gatherers: new Map(), probes: new Map([["/probe", probe]]) };
  const { main } = await createEndpoints(parts, served);
  const prober = scraperOf({ scrape: main.further?.get("/probe") ?? assert.fail() });
  for (let target = 0; target < 1_001; target++) await prober.get({ query: `target=t${target}` });
  assert.match(lines.at(-1) ?? "", /Too many different faults/);
  await scraperOf(main).get();
  assert.match(lines.at(-1) ?? "", /^promhttp: The scrape failed: Error: Broken$/);
  await main.close();
});

test("all paths keep their bytes within one budget", async () => {
  const [first = 0, both = 0] = await keptBytes(2 ** 30);
  assert.ok(first > 40_000, `${first}`);
  assert.ok(both > 1.5 * first, `${both}`);
  const [, limited = 0] = await keptBytes(first + 1_000);
  assert.ok(limited <= first + 1_000, `${limited}`);
});

test("what is answered elsewhere has a path, and the page links to it", async () => {
  const parts = { gatherer: source, options: resolveOptions(), log: createLog(false), paths: [] };
  const forwarded = [{ link: { path: "/elsewhere" }, scrape: async () => undefined }];
  const served = { gatherers: new Map(), probes: new Map(), forwarded };
  const { main } = await createEndpoints(parts, served);
  assert.equal(main.further?.get("/elsewhere"), forwarded[0]?.scrape);
  const { text = "" } = (await scraperOf({ scrape: main.page }).get()) ?? {};
  assert.match(text, /href="\.\/elsewhere"/);
  await main.close();
});
