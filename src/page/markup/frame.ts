import type { Format } from "../../options/options.ts";
import type { ApplicationState, PageLink, Unavailable } from "../../scrape/exchange.ts";
import { VERSION } from "../../version.ts";
import type { ProcessFacts } from "../process-facts.ts";
import { type Html, html, NO_HTML, showName } from "./html.ts";
import { STYLE } from "./style.ts";
import { countOf, formatSpan } from "./units.ts";

/** What every page has. */
export interface FrameParts {
  readonly facts: ProcessFacts;
  /** The paths to link to, from the root. */
  readonly paths: readonly PageLink[];
  /** The formats on offer. */
  readonly formats: readonly Format[];
  /** Marks the page's own style and script for its policy. */
  readonly nonce: string;
  /** When the metrics were gathered. */
  readonly date: Date;
  /** The collectors that a page of metrics which are late has waited for. */
  readonly tooSlow?: readonly string[] | undefined;
  /** How the application does; absent where it is in the same thread. */
  readonly state?: ApplicationState | undefined;
}

/** What differs between the pages. */
export interface FrameContent {
  readonly title: string;
  readonly header: Html;
  readonly main: Iterable<Html>;
  /** What runs in the browser. */
  readonly script: string;
}

/** A whole page, a part at a time. */
export function* frame(
  { nonce, date, state }: FrameParts,
  { title, header, main, script }: FrameContent,
): Generator<Html, void, undefined> {
  yield html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style nonce="${nonce}">${{ markup: STYLE }}</style>
</head>
<body>
<header>
${header}
</header>
<main>
`;
  if (state !== undefined) yield stateLine(state);
  yield* main;
  yield html`</main>
<footer>promhttp ${VERSION}, ${timeOf(date)}</footer>
<script nonce="${nonce}">${{ markup: script }}</script>
</body>
</html>
`;
}

const MAX_LENGTH = 100;

/** What the metrics are of: `shop on web-1`. */
export function placeOf({ name, host }: ProcessFacts): string {
  return `${showName(name, MAX_LENGTH)} on ${showName(host, MAX_LENGTH)}`;
}

/** A notice that stands out. */
export function notice(text: Html): Html {
  return html`<p class="notice">${text}</p>
`;
}

/** From here on an event loop is said to be stuck, in seconds: one that is busy is late now and then. */
const STUCK_SECONDS = 1;

/** Says that the application is stuck, or that what is shown is old. */
function stateLine({ stuckSeconds, ageSeconds }: ApplicationState): Html {
  const isStuck = stuckSeconds >= STUCK_SECONDS;
  if (!isStuck && ageSeconds === 0) return NO_HTML;
  const loop = html`The event loop of the application has been stuck for ${formatSpan(stuckSeconds)}.`;
  const late = html`The application has not answered in time.`;
  const age =
    ageSeconds > 0 ? html` Its last metrics are from ${formatSpan(ageSeconds)} ago.` : NO_HTML;
  return html`<p class="notice" role="status">${isStuck ? loop : late}${age}</p>
`;
}

// Fixed texts: what a collector threw may hold secrets, and belongs only in the log.
const UNAVAILABLE = {
  busy: "This page is busy. Try again in a moment.",
  late: "The metrics could not be gathered in time. See the process log.",
  failed: "The metrics could not be gathered. See the process log.",
} as const;

/** Says why there are no metrics to show. */
export function unavailable(reason: Unavailable, { tooSlow = [] }: FrameParts): Html {
  return tooSlow.length === 0
    ? notice(html`${UNAVAILABLE[reason]}`)
    : notice(
        html`Scrapes are answered with 503, because these took too long: ${listOf(tooSlow)}. See the process log.`,
      );
}

const MAX_FAILED = 20;

/** Lists the names of what failed. */
export function listOf(names: readonly string[]): Html {
  const shown = names.slice(0, MAX_FAILED).map((name, index) => {
    const comma = index === 0 ? "" : ", ";
    return html`${comma}<code>${showName(name, MAX_LENGTH)}</code>`;
  });
  const others = names.length - shown.length;
  return others === 0 ? html`${shown}` : html`${shown} and ${countOf(others, "other", "others")}`;
}

/** A point in time, in UTC. */
function timeOf(date: Date): Html {
  const text = date.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 19).replace("T", " ")} UTC</time>`;
}

/**
 * Links to the bytes that a scraper gets, in each format.
 *
 * @param query What to add to the query, encoded.
 */
export function rawLinks(formats: readonly Format[], query = ""): Html {
  const links = formats.map(
    (format) => html`<li><a href="?format=${format}${query}">${FORMAT_NAMES[format]}</a></li>`,
  );
  return html`<ul class="links">${links}</ul>`;
}

const FORMAT_NAMES: Readonly<Record<Format, string>> = {
  "text-0.0.4": "Text 0.0.4",
  "text-1.0.0": "Text 1.0.0",
  "openmetrics-1.0.0": "OpenMetrics 1.0.0",
  "openmetrics-0.0.1": "OpenMetrics 0.0.1",
  protobuf: "Protobuf (download)",
};
