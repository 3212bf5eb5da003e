import assert from "node:assert/strict";
import { test } from "node:test";
import { FORMATS } from "../../../src/options/options.ts";
import type { FrameParts } from "../../../src/page/markup/frame.ts";
import { overviewPage } from "../../../src/page/markup/overview-page.ts";
import type { Overview } from "../../../src/page/overview.ts";
import type { Unavailable } from "../../../src/scrape/exchange.ts";
import { VERSION } from "../../../src/version.ts";

const SIZE = { help: "", type: "gauge", labelSets: 2, series: 2, labels: [] } as const;

const OVERVIEW: Overview = {
  sizes: {
    largest: [{ ...SIZE, name: "g" }],
    total: { families: 1, labelSets: 2, series: 2 },
  },
  ownSizes: {
    largest: [{ ...SIZE, name: "promhttp_x", labelSets: 1, series: 5 }],
    total: { families: 1, labelSets: 1, series: 5 },
  },
  failed: [],
  isRefused: false,
  isFailing: false,
  collectors: [],
  scrapes: [],
};

const FACTS = {
  name: "shop<",
  version: "1.2.3",
  host: "web-1",
  pid: 4711,
  uptimeSeconds: 12_000,
};

function pageOf(overview: Overview | Unavailable, changes: Partial<FrameParts> = {}): string {
  const date = new Date("2026-11-25T16:04:05.678Z");
  const paths = ["/metrics", "/-/healthy", "/-/ready"].map((path) => ({ path }));
  const parts: FrameParts = { facts: FACTS, paths, formats: FORMATS, nonce: "abc+/=", date };
  const page = overviewPage(overview, { ...parts, ...changes });
  return Array.from(page, ({ markup }) => markup).join("");
}

test("overviewPage() tells which process it is of, and links to metrics and probes", () => {
  const page = pageOf(OVERVIEW);
  for (const part of [
    "<title>Metrics of shop&lt; on web-1</title>",
    "<h1>Metrics of shop&lt;</h1>",
    "<p>version 1.2.3, process 4711 on web-1, up 3 h 20 min</p>",
    '<a href="./metrics">/metrics</a>',
    '<a href="./-/healthy">/-/healthy</a>',
    '<a href="./-/ready">/-/ready</a>',
    `promhttp ${VERSION}, <time datetime="2026-11-25T16:04:05.678Z">2026-11-25 16:04:05 UTC</time>`,
  ]) {
    assert.ok(page.includes(part), part);
  }
});

test("overviewPage() has only one style and one script, both with the nonce", () => {
  const page = pageOf(OVERVIEW);
  const opened = page.match(/<(?:style|script)[^>]*>/g);
  assert.deepEqual(opened, ['<style nonce="abc+/=">', '<script nonce="abc+/=">']);
  assert.doesNotMatch(page, / (?:style|on\w+)=/);
});

test("overviewPage() shows the totals and the table", () => {
  const page = pageOf(OVERVIEW);
  assert.match(page, /<dt>Families<\/dt><dd>2<\/dd>/);
  assert.match(page, /<dt>Label sets<\/dt><dd>3<\/dd>/);
  assert.match(page, /<dt>Series<\/dt><dd>7<\/dd>/);
  assert.match(page, /<table id="families".*<a href="\?family=g">/s);
  assert.match(page, /<h2>Metrics of the scrapes themselves<\/h2>\n<table id="own".*promhttp_/s);
  assert.doesNotMatch(page, /class="notice"/);
});

test("overviewPage() has the forms of probes, with and without an overview", () => {
  const paths = [{ path: "/metrics" }, { path: "/probe", probe: { modules: ["a"] } }];
  for (const overview of [OVERVIEW, "failed"] as const) {
    const page = pageOf(overview, { paths });
    assert.match(page, /<\/nav>\n<form class="probe" action="\.\/probe"/);
  }
});

test("overviewPage() names the collectors that failed, but not all of very many", () => {
  const failed = ["a<", ...Array.from({ length: 24 }, () => "x".repeat(500))];
  const page = pageOf({ ...OVERVIEW, failed });
  const long = `<code>${"x".repeat(100)}…</code>`;
  const list = ["<code>a&lt;</code>", ...Array.from({ length: 19 }, () => long)].join(", ");
  assert.ok(
    page.includes(
      `Some metrics are missing, because these failed: ${list} and 5 others. See the process log`,
    ),
  );
  assert.ok(page.includes("<table id="));
});

test("overviewPage() names one collector that failed", () => {
  const page = pageOf({ ...OVERVIEW, failed: ["a"] });
  assert.ok(
    page.includes(
      "Some metrics are missing, because these failed: <code>a</code>. See the process log.",
    ),
  );
});

test("overviewPage() says that scrapes are refused, and because of what", () => {
  const page = pageOf({ ...OVERVIEW, failed: ["a"], isRefused: true });
  assert.ok(
    page.includes(
      "Scrapes are answered with 500, because these failed: <code>a</code>. See the process log.",
    ),
  );
});

test("overviewPage() links to every format on offer, and to no path that it does not know", () => {
  const page = pageOf(OVERVIEW, { paths: [], formats: ["protobuf", "text-0.0.4"] });
  assert.doesNotMatch(page, /<nav|href="[^?]/);
  const links = page.match(/\?format=[^"]*/g);
  assert.deepEqual(links, ["?format=protobuf", "?format=text-0.0.4"]);
});

test("overviewPage() says that the application is failing", () => {
  assert.match(
    pageOf({ ...OVERVIEW, isFailing: true }),
    /marked its metrics as failing\. Scrapes get 500\./,
  );
});

test("overviewPage() has no table when nothing is exported", () => {
  const sizes = { largest: [], total: { families: 0, labelSets: 0, series: 0 } };
  const page = pageOf({ ...OVERVIEW, sizes, ownSizes: sizes });
  assert.match(page, /<p>The application exports no metrics\.<\/p>/);
  assert.doesNotMatch(page, /<table/);
});

test("overviewPage() names the collectors that took too long", () => {
  const page = pageOf("late", { tooSlow: ["db<", "disk"] });
  const names = "<code>db&lt;</code>, <code>disk</code>";
  const text = `answered with 503, because these took too long: ${names}. See the process log.`;
  assert.ok(page.includes(text), page);
});

for (const reason of ["busy", "late", "failed"] as const) {
  test(`overviewPage() still links where there is no overview: ${reason}`, () => {
    const page = pageOf(reason);
    assert.match(page, /<p class="notice">[^<]+<\/p>/);
    assert.match(page, /<a href="\.\/metrics">/);
    assert.doesNotMatch(page, /<table|<dl>/);
  });
}

for (const [stuckSeconds, ageSeconds, line] of [
  [0, 0, undefined],
  [0.9, 0, undefined],
  [12, 0, "The event loop of the application has been stuck for 12 s."],
  [
    72,
    75,
    "The event loop of the application has been stuck for 1 min. Its last metrics are from 1 min ago.",
  ],
  [0, 3, "The application has not answered in time. Its last metrics are from 3 s ago."],
] as const) {
  test(`overviewPage() says how an application does that is stuck for ${stuckSeconds} s, with metrics ${ageSeconds} s old`, () => {
    const page = pageOf(OVERVIEW, { state: { stuckSeconds, ageSeconds } });
    const found = /<p class="notice" role="status">(.*)<\/p>/.exec(page)?.[1];
    assert.equal(found, line);
  });
}

test("overviewPage() says that the application is stuck where there are no metrics, too", () => {
  const page = pageOf("late", { state: { stuckSeconds: 12, ageSeconds: 14 } });
  assert.match(
    page,
    /role="status">The event loop .* stuck for 12 s\. Its last metrics are from 14 s ago\.</,
  );
});
