import type { Unavailable } from "../scrape/exchange.ts";
import { VERSION } from "../version.ts";
import { familyTable } from "./family-table.ts";
import { countOf, formatCount, type Html, html, NO_HTML, showName } from "./html.ts";
import type { Overview } from "./overview.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

/** What the page shows. */
export interface LandingPageParts {
  readonly overview: Overview | Unavailable;
  /** The path of the metrics. */
  readonly metricsPath: string;
  /** Marks the page's own style and script for its policy. */
  readonly nonce: string;
  /** When the metrics were gathered. */
  readonly date: Date;
}

/**
 * The page for a person who opens the server's address in a browser, a part at a time: where the
 * metrics are, and which families there are, the largest first.
 */
export function* landingPage(parts: LandingPageParts): Generator<Html, void, undefined> {
  const { overview, nonce } = parts;
  // Not from the root: a proxy may have put a path in front. The dot makes it a path, whatever it is.
  const metricsPath = `.${parts.metricsPath}`;
  yield html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Metrics</title>
<style nonce="${nonce}">${{ markup: STYLE }}</style>
</head>
<body>
<header>
<h1>Metrics</h1>
<nav><a href="${metricsPath}">${parts.metricsPath}</a> <a href="./-/healthy">/-/healthy</a> <a href="./-/ready">/-/ready</a></nav>
</header>
<main>
`;
  if (typeof overview === "string") yield notice(html`${UNAVAILABLE[overview]}`);
  else yield* overviewOf(overview, metricsPath);
  yield html`</main>
<footer>promhttp ${VERSION}, ${timeOf(parts.date)}</footer>
<script nonce="${nonce}">${{ markup: SCRIPT }}</script>
</body>
</html>
`;
}

// Fixed texts: what a collector threw may hold secrets, and belongs only in the log.
const UNAVAILABLE: Readonly<Record<Unavailable, string>> = {
  busy: "This page is busy. Try again in a moment.",
  late: "The metrics could not be gathered in time. See the process log.",
  failed: "The metrics could not be gathered. See the process log.",
};

function* overviewOf(
  { sizes, failed, isFailing }: Overview,
  metricsPath: string,
): Generator<Html, void, undefined> {
  if (isFailing) {
    yield notice(html`The application has marked its metrics as failing. Scrapes get 500.`);
  }
  if (failed.length > 0) {
    yield notice(
      html`Some metrics are missing, because these failed: ${listOf(failed)}. See the process log.`,
    );
  }
  const { families, labelSets, series } = sizes.total;
  yield html`<dl>
${figure("Families", families)}
${figure("Label sets", labelSets)}
${figure("Series", series, "One for each label set; for a histogram one for each bucket, its sum and its count.")}
</dl>
`;
  if (families === 0) {
    yield html`<p>No metrics are exported.</p>
`;
    return;
  }
  yield html`<form role="search" hidden><label for="search">Search</label><input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="Name, help, type or label"><output for="search"></output></form>
`;
  yield* familyTable(sizes, metricsPath);
}

function notice(text: Html): Html {
  return html`<p class="notice">${text}</p>
`;
}

function figure(name: string, count: number, explanation = ""): Html {
  const title = explanation === "" ? NO_HTML : html` title="${explanation}"`;
  return html`<div${title}><dt>${name}</dt><dd>${formatCount(count)}</dd></div>`;
}

const MAX_FAILED = 20;
const MAX_NAME_LENGTH = 100;

function listOf(names: readonly string[]): Html {
  const shown = names.slice(0, MAX_FAILED).map((name, index) => {
    const comma = index === 0 ? "" : ", ";
    return html`${comma}<code>${showName(name, MAX_NAME_LENGTH)}</code>`;
  });
  const others = names.length - shown.length;
  return others === 0 ? html`${shown}` : html`${shown} and ${countOf(others, "other", "others")}`;
}

function timeOf(date: Date): Html {
  const text = date.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 19).replace("T", " ")} UTC</time>`;
}
