import assert from "node:assert/strict";
import { test } from "node:test";
import type { Overview } from "../../src/page/overview.ts";
import { landingPage } from "../../src/page/page.ts";
import type { Unavailable } from "../../src/scrape/exchange.ts";
import { VERSION } from "../../src/version.ts";

const SIZE = { help: "", type: "gauge", labelSets: 2, series: 2, labels: [] } as const;

const OVERVIEW: Overview = {
  sizes: {
    largest: [{ ...SIZE, name: "g" }],
    total: { families: 1, labelSets: 2, series: 2 },
  },
  failed: [],
  isFailing: false,
};

function pageOf(overview: Overview | Unavailable, metricsPath = "/metrics"): string {
  const date = new Date("2026-11-25T16:04:05.678Z");
  const parts = landingPage({ overview, metricsPath, nonce: "abc+/=", date });
  return Array.from(parts, ({ markup }) => markup).join("");
}

test("landingPage() has name, version, time, and links to metrics and probes", () => {
  const page = pageOf(OVERVIEW);
  for (const part of [
    "<title>Metrics</title>",
    '<a href="./metrics">/metrics</a>',
    '<a href="./-/healthy">/-/healthy</a>',
    '<a href="./-/ready">/-/ready</a>',
    `promhttp ${VERSION}, <time datetime="2026-11-25T16:04:05.678Z">2026-11-25 16:04:05 UTC</time>`,
  ]) {
    assert.ok(page.includes(part), part);
  }
});

test("landingPage() has only one style and one script, both with the nonce", () => {
  const page = pageOf(OVERVIEW);
  const opened = page.match(/<(?:style|script)[^>]*>/g);
  assert.deepEqual(opened, ['<style nonce="abc+/=">', '<script nonce="abc+/=">']);
  assert.doesNotMatch(page, / (?:style|on\w+)=/);
});

test("landingPage() shows the totals and the table", () => {
  const page = pageOf(OVERVIEW);
  assert.match(page, /<dt>Families<\/dt><dd>1<\/dd>/);
  assert.match(page, /<dt>Label sets<\/dt><dd>2<\/dd>/);
  assert.match(page, /<dt>Series<\/dt><dd>2<\/dd>/);
  assert.match(page, /<a href="\.\/metrics\?name\[\]=g">/);
  assert.doesNotMatch(page, /class="notice"/);
});

for (const path of ["/a:b", "//host/metrics", "/m'&etrics"]) {
  test(`landingPage() makes a link to the path ${path} that stays on this server`, () => {
    const [, href = ""] = /<nav><a href="([^"]*)"/.exec(pageOf(OVERVIEW, path)) ?? [];
    const read = href.replace("&#39;", "'").replace("&amp;", "&");
    assert.equal(new URL(read, "http://test/").href, `http://test${path}`);
  });
}

test("landingPage() names the collectors that failed, but not all of very many", () => {
  const failed = ["a<", ...Array.from({ length: 24 }, () => "x".repeat(500))];
  const page = pageOf({ ...OVERVIEW, failed });
  const long = `<code>${"x".repeat(100)}…</code>`;
  const list = ["<code>a&lt;</code>", ...Array.from({ length: 19 }, () => long)].join(", ");
  assert.ok(
    page.includes(
      `Some metrics are missing, because these failed: ${list} and 5 others. See the process log`,
    ),
  );
  assert.ok(page.includes("<table>"));
});

test("landingPage() names one collector that failed", () => {
  const page = pageOf({ ...OVERVIEW, failed: ["a"] });
  assert.ok(
    page.includes(
      "Some metrics are missing, because these failed: <code>a</code>. See the process log.",
    ),
  );
});

test("landingPage() says that the application is failing", () => {
  assert.match(
    pageOf({ ...OVERVIEW, isFailing: true }),
    /marked its metrics as failing\. Scrapes get 500\./,
  );
});

test("landingPage() has no table when nothing is exported", () => {
  const sizes = { largest: [], total: { families: 0, labelSets: 0, series: 0 } };
  const page = pageOf({ ...OVERVIEW, sizes });
  assert.match(page, /<p>No metrics are exported\.<\/p>/);
  assert.doesNotMatch(page, /<table>|<form/);
});

for (const reason of ["busy", "late", "failed"] as const) {
  test(`landingPage() still links where there is no overview: ${reason}`, () => {
    const page = pageOf(reason);
    assert.match(page, /<p class="notice">[^<]+<\/p>/);
    assert.match(page, /<a href="\.\/metrics">/);
    assert.doesNotMatch(page, /<table>|<dl>/);
  });
}
