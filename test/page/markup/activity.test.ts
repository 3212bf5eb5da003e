import assert from "node:assert/strict";
import { test } from "node:test";
import { collectorTable, scrapeTable } from "../../../src/page/markup/activity.ts";
import type { CollectorReport, RecentScrape } from "../../../src/scrape/exchange.ts";

const NOW = new Date("2026-11-25T16:04:05.678Z");

const SCRAPE: RecentScrape = {
  startedAtMs: NOW.getTime() - 3_000,
  address: "10.0.0.1",
  userAgent: "Prometheus/3.1.0",
  status: 200,
  durationMs: 12.3,
  bytes: 34_120,
  isBroken: false,
};

function textOf(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** The text of a scrape's row. */
function rowOf(changes: Partial<RecentScrape>): string {
  const { markup } = scrapeTable([{ ...SCRAPE, ...changes }], NOW);
  return textOf(markup.slice(markup.indexOf("<tbody>")));
}

test("scrapeTable() shows the time, client, status, duration and size of each scrape", () => {
  assert.equal(rowOf({}), "3 s ago Prometheus/3.1.0 10.0.0.1 200 12 ms 34.1 kB");
  assert.match(rowOf({ startedAtMs: NOW.getTime() }), /^now/);
  assert.match(scrapeTable([], NOW).markup, /Nobody has scraped/);
});

test("scrapeTable() tells apart what became of a scrape", () => {
  assert.match(rowOf({ durationMs: undefined, status: undefined }), / running /);
  assert.match(rowOf({ status: undefined, isBroken: true }), / disconnected /);
  assert.match(rowOf({ isBroken: true }), / 200, cut off /);
  const { markup } = scrapeTable([{ ...SCRAPE, status: 503 }], NOW);
  assert.match(markup, /<strong>503<\/strong>/);
  assert.match(rowOf({ address: undefined, userAgent: undefined }), /ago no name 200/);
});

test("scrapeTable() escapes what a client has sent", () => {
  const { markup } = scrapeTable(
    [{ ...SCRAPE, userAgent: "<img src=x>\u202e", address: "<b>" }],
    NOW,
  );
  assert.match(markup, /&lt;img src=x&gt;\\u\{202e\}/);
  assert.doesNotMatch(markup, /<img|<b>/);
});

const COLLECTOR: CollectorReport = {
  name: "fine",
  durationMs: 1,
  failedAtMs: undefined,
  isFailing: false,
};

test("collectorTable() has what fails first, then the slowest, with the time of the last error", () => {
  const { markup } = collectorTable(
    [
      COLLECTOR,
      { ...COLLECTOR, name: "slow<", durationMs: 100 },
      { name: "bad", durationMs: undefined, failedAtMs: NOW.getTime() - 60_000, isFailing: true },
      { ...COLLECTOR, name: "mended", durationMs: 2, failedAtMs: NOW.getTime() - 120_000 },
    ],
    NOW,
  );
  assert.match(markup, /^<details open><summary>Collectors <span><strong>1 of 4 failing/);
  assert.equal(
    textOf(markup.slice(markup.indexOf("<tbody>"))),
    "bad 1 min ago slow&lt; 100 ms none mended 2.0 ms 2 min ago fine 1.0 ms none",
  );
});

test("collectorTable() shows 50 of very many, and nothing of none", () => {
  assert.equal(collectorTable([], NOW).markup, "");
  const { markup } = collectorTable(new Array<CollectorReport>(60).fill(COLLECTOR), NOW);
  assert.equal(markup.match(/<code>/g)?.length, 50);
  assert.match(markup, /^<details><summary>Collectors <span>the slowest took 1\.0 ms/);
  assert.match(markup, /10 more were faster/);
});
