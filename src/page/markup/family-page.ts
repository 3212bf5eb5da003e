import type { Unavailable } from "../../scrape/exchange.ts";
import { PLOT_SCRIPT } from "../browser/scripts.ts";
import type { FamilyDetail, LabelDetail } from "../measure/inspect-family.ts";
import { breakable, encodeName, labelId, shareBar } from "./family-table.ts";
import { type FrameParts, frame, notice, placeOf, rawLinks, unavailable } from "./frame.ts";
import { cutText, type Html, html, NO_HTML, showName } from "./html.ts";
import { countOf, formatCount } from "./units.ts";

const MAX_NAME_LENGTH = 200;
const MAX_HELP_LENGTH = 2_000;

/** Of a larger family the page asks no live values: each look costs the process a scrape of it. */
const MAX_LIVE_SERIES = 5_000;

/**
 * The page of one family: its labels with their values, and its series. The script keeps the values
 * up to date, and plots those that change.
 *
 * @param name The name that was asked for.
 * @param detail `null` where there is no family of this name.
 */
export function familyPage(
  name: string,
  detail: FamilyDetail | null | Unavailable,
  parts: FrameParts,
): Generator<Html, void, undefined> {
  const shown = showName(name, MAX_NAME_LENGTH);
  return frame(parts, {
    title: `${shown} of ${placeOf(parts.facts)}`,
    header: html`<p><a href="?">All metrics of ${placeOf(parts.facts)}</a></p>
<h1>${breakable(shown)}</h1>`,
    main: mainOf(name, detail, parts),
    script: PLOT_SCRIPT,
  });
}

function* mainOf(
  name: string,
  detail: FamilyDetail | null | Unavailable,
  parts: FrameParts,
): Generator<Html, void, undefined> {
  if (typeof detail === "string") {
    yield unavailable(detail, parts);
    return;
  }
  if (detail === null) {
    yield notice(html`There is no metric family of this name now. Its collector may have failed.`);
    return;
  }
  const { type, help, unit, labels, labelSets, series } = detail;
  if (help !== "") yield html`<p class="help" dir="auto">${cutText(help, MAX_HELP_LENGTH)}</p>\n`;
  yield html`<dl>
<div><dt>Type</dt><dd>${type}</dd></div>
${unit ? html`<div><dt>Unit</dt><dd>${showName(unit, 50)}</dd></div>\n` : NO_HTML}<div><dt>Label sets</dt><dd>${formatCount(labelSets)}</dd></div>
<div><dt>Series</dt><dd>${formatCount(series)}</dd></div>
</dl>
`;
  for (const label of labels) yield labelDetails(label);
  yield html`<details><summary>Raw metrics <span>of this family, as a scraper gets them</span></summary>${rawLinks(parts.formats, `&name[]=${encodeName(name)}`)}</details>
`;
  yield seriesTable(name, detail);
}

const MAX_LABEL_LENGTH = 60;
const MAX_VALUE_LENGTH = 200;

function labelDetails({ name, values, count, isAtLeast }: LabelDetail): Html {
  const most = values[0]?.labelSets ?? 1;
  const rows = values.map(
    ({ value, labelSets }) =>
      html`<tr><th scope="row"><code>${value === "" ? "(empty)" : showName(value, MAX_VALUE_LENGTH)}</code></th><td>${formatCount(labelSets)}${shareBar(labelSets / most)}</td></tr>\n`,
  );
  const others = count - values.length;
  const more =
    others === 0
      ? NO_HTML
      : html`<p>${formatCount(others)} more are in as few label sets or fewer.</p>`;
  const number = isAtLeast ? `${formatCount(count)}+ values` : countOf(count, "value", "values");
  return html`<details><summary>Label <code>${showName(name, MAX_LABEL_LENGTH)}</code> <span>${number}</span></summary>
<table id="${labelId(name)}"><thead><tr><th scope="col">Value</th><th scope="col">Label sets</th></tr></thead>
<tbody>
${rows}</tbody></table>${more}</details>
`;
}

function seriesTable(name: string, { type, series, samples }: FamilyDetail): Html {
  if (series === 0) return html`<p>It has no series at the moment.</p>\n`;
  const isLive = series <= MAX_LIVE_SERIES;
  const rows = samples.map(
    (sample) =>
      html`<tr><th scope="row"><code>${showName(sample.series, 4_000)}</code></th><td class="plot"></td><td>${sample.value}</td></tr>\n`,
  );
  const others = series - samples.length;
  const foot =
    others === 0
      ? NO_HTML
      : html`<p id="others">${countOf(others, "other is", "others are")} in the raw metrics.</p>\n`;
  const live = isLive ? html` data-family="${name}" data-type="${type}"` : NO_HTML;
  return html`<form role="search" hidden><label for="search">Search the series</label><input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="Name or label"><output for="search"></output></form>
<table id="series"${live}><thead><tr><th scope="col">Series</th><th scope="col" class="plot"></th><th scope="col">Value</th></tr></thead>
<tbody>
${rows}</tbody></table>
${foot}${isLive ? NO_HTML : html`<p>It is too large for live values.</p>\n`}<p id="state" hidden></p>
`;
}
