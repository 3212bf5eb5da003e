import type { CollectorReport, RecentScrape } from "../../scrape/exchange.ts";
import { type Html, html, NO_HTML, showName } from "./html.ts";
import { formatBytes, formatCount, formatDuration, formatSpan } from "./units.ts";

/** The last scrapes: the time and the client of each, its status, duration and size. */
export function scrapeTable(scrapes: readonly RecentScrape[], now: Date): Html {
  const [last] = scrapes;
  if (last === undefined) return html`<p>Nobody has scraped this process yet.</p>\n`;
  const rows = scrapes.map(
    (scrape) =>
      html`<tr><td>${ago(scrape.startedAtMs, now)}</td><th scope="row">${clientOf(scrape)}</th><td>${statusOf(scrape)}</td><td>${durationOf(scrape)}</td><td>${formatBytes(scrape.bytes)}</td></tr>\n`,
  );
  return html`<details><summary>Last scrape <span>${ago(last.startedAtMs, now)}, ${statusOf(last)}</span></summary>
<table class="activity"><thead><tr><th scope="col">When</th><th scope="col">By</th><th scope="col">Status</th><th scope="col">Duration</th><th scope="col">Size</th></tr></thead>
<tbody>
${rows}</tbody></table></details>
`;
}

const MAX_TEXT_LENGTH = 100;

/** The first word of its name says mostly enough; a client chooses it, and may choose anything. */
function clientOf({ address, userAgent }: RecentScrape): Html {
  const name = userAgent === undefined ? "no name" : showName(userAgent, MAX_TEXT_LENGTH);
  return html`${name}${address === undefined ? NO_HTML : html` <span>${showName(address, MAX_TEXT_LENGTH)}</span>`}`;
}

function statusOf({ status, durationMs, isBroken }: RecentScrape): Html {
  if (durationMs === undefined) return html`running`;
  if (status === undefined) return html`<strong>disconnected</strong>`;
  const text = isBroken ? `${status}, cut off` : String(status);
  return status === 200 && !isBroken ? html`${text}` : html`<strong>${text}</strong>`;
}

function durationOf({ durationMs }: RecentScrape): string {
  return durationMs === undefined ? "" : formatDuration(durationMs);
}

/** How many collectors are shown: those that fail, and the slowest. */
const MAX_COLLECTORS = 50;

/** The collectors, those that fail first, then the slowest: duration, and when they failed last. */
export function collectorTable(collectors: readonly CollectorReport[], now: Date): Html {
  const sorted = collectors.toSorted(
    (a, b) => Number(b.isFailing) - Number(a.isFailing) || slowness(b) - slowness(a),
  );
  const [first] = sorted;
  if (first === undefined) return NO_HTML;
  const shown = sorted.slice(0, MAX_COLLECTORS);
  const rows = shown.map(
    (collector) =>
      html`<tr><th scope="row"><code>${showName(collector.name, MAX_TEXT_LENGTH)}</code></th><td>${collector.durationMs === undefined ? "" : formatDuration(collector.durationMs)}</td><td>${errorOf(collector, now)}</td></tr>\n`,
  );
  const others = sorted.length - shown.length;
  const more = others === 0 ? NO_HTML : html`<p>${formatCount(others)} more were faster.</p>`;
  const failing = sorted.filter(({ isFailing }) => isFailing).length;
  const state =
    failing > 0 ? `${formatCount(failing)} of ${formatCount(sorted.length)} failing` : "";
  const slowest =
    first.durationMs === undefined ? "" : `the slowest took ${formatDuration(first.durationMs)}`;
  return html`<details${failing > 0 ? html` open` : NO_HTML}><summary>Collectors <span>${state === "" ? slowest : html`<strong>${state}</strong>`}</span></summary>
<table class="activity"><thead><tr><th scope="col">Collector</th><th scope="col">Duration</th><th scope="col">Last error</th></tr></thead>
<tbody>
${rows}</tbody></table>${more}</details>
`;
}

function slowness({ durationMs = -1 }: CollectorReport): number {
  return durationMs;
}

function errorOf({ failedAtMs, isFailing }: CollectorReport, now: Date): Html {
  if (failedAtMs === undefined) return html`none`;
  const when = ago(failedAtMs, now);
  return isFailing ? html`<strong>${when}</strong>` : when;
}

function ago(ms: number, now: Date): Html {
  const iso = new Date(ms).toISOString();
  const seconds = (now.getTime() - ms) / 1_000;
  const text = seconds < 1 ? "now" : `${formatSpan(seconds)} ago`;
  return html`<time datetime="${iso}" title="${iso}">${text}</time>`;
}
