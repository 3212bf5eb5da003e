import type { Unavailable, WorkerReport } from "../../scrape/exchange.ts";
import { LIST_SCRIPT } from "../browser/scripts.ts";
import type { Overview } from "../overview.ts";
import { collectorTable, scrapeTable } from "./activity.ts";
import { familyTable } from "./family-table.ts";
import { type FrameParts, frame, listOf, notice, placeOf, rawLinks, unavailable } from "./frame.ts";
import { type Html, html, NO_HTML, showName } from "./html.ts";
import { pathLinks } from "./path-links.ts";
import { formatCount, formatSpan } from "./units.ts";
import { workerTable } from "./worker-table.ts";

/**
 * The first page: what the process exports, the largest families first, and how scrapes go.
 *
 * @param workers Those of the group whose metrics these are; none without a group.
 */
export function overviewPage(
  overview: Overview | Unavailable,
  parts: FrameParts,
  workers: readonly WorkerReport[] = [],
): Generator<Html, void, undefined> {
  const { facts, paths } = parts;
  const version = facts.version === undefined ? "" : `version ${showName(facts.version, 50)}, `;
  return frame(parts, {
    title: `Metrics of ${placeOf(facts)}`,
    header: html`<h1>Metrics of ${showName(facts.name, 100)}</h1>
<p>${version}process ${String(facts.pid)} on ${showName(facts.host, 100)}, up ${formatSpan(facts.uptimeSeconds)}</p>
${pathLinks(paths)}`,
    main:
      typeof overview === "string"
        ? [unavailable(overview, parts), workerTable(workers)]
        : mainOf(overview, parts, workerTable(workers)),
    script: LIST_SCRIPT,
  });
}

function* mainOf(
  overview: Overview,
  { date, formats }: FrameParts,
  workers: Html,
): Generator<Html, void, undefined> {
  const { sizes, ownSizes, collectors, scrapes } = overview;
  yield* noticesOf(overview);
  const [own, { families, labelSets, series }] = [ownSizes.total, sizes.total];
  yield html`<dl>
${figure("Families", families + own.families)}
${figure("Label sets", labelSets + own.labelSets)}
${figure("Series", series + own.series, "One for each label set; for a histogram one for each bucket, its sum and its count.")}
</dl>
${workers}${scrapeTable(scrapes, date)}${collectorTable(collectors, date)}<details><summary>Raw metrics <span>as a scraper gets them</span></summary>${rawLinks(formats)}</details>
`;
  yield html`<form role="search" hidden><label for="search">Search</label><input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="Name, help, type or label"><output for="search"></output></form>
`;
  if (families === 0) yield html`<p>The application exports no metrics.</p>\n`;
  else yield* familyTable(sizes, "families");
  if (own.families === 0) return;
  yield html`<section><h2>Metrics of the scrapes themselves</h2>\n`;
  yield* familyTable(ownSizes, "own");
  yield html`</section>\n`;
}

function* noticesOf({ isFailing, isRefused, failed }: Overview): Generator<Html, void, undefined> {
  if (isFailing) {
    yield notice(html`The application has marked its metrics as failing. Scrapes get 500.`);
  }
  if (failed.length === 0) return;
  yield isRefused
    ? notice(
        html`Scrapes are answered with 500, because these failed: ${listOf(failed)}. See the process log.`,
      )
    : notice(
        html`Some metrics are missing, because these failed: ${listOf(failed)}. See the process log.`,
      );
}

function figure(name: string, count: number, explanation = ""): Html {
  const title = explanation === "" ? NO_HTML : html` title="${explanation}"`;
  return html`<div${title}><dt>${name}</dt><dd>${formatCount(count)}</dd></div>`;
}
