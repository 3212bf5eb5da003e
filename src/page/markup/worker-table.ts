import type { WorkerReport } from "../../scrape/exchange.ts";
import { type Html, html, NO_HTML, showName } from "./html.ts";
import { countOf, formatCount, formatDuration } from "./units.ts";

/** How many workers are shown: first those that did not answer. */
const MAX_WORKERS = 200;

const MAX_ID_LENGTH = 100;

/** The workers of a group: which process or thread each is, and whether and how fast it answered. */
export function workerTable(workers: readonly WorkerReport[]): Html {
  if (workers.length === 0) return NO_HTML;
  const missing = workers.filter(({ state }) => state !== "up").length;
  const count = countOf(workers.length, "worker", "workers");
  const summary =
    missing === 0
      ? html`${count}, all up`
      : html`<strong>${formatCount(missing)} of ${count} missing</strong>`;
  const sorted = workers.toSorted((a, b) => rankOf(a) - rankOf(b) || a.slot - b.slot);
  const others = sorted.length - MAX_WORKERS;
  const more = others > 0 ? html`<p>${formatCount(others)} more are not shown.</p>` : NO_HTML;
  return html`<details${missing > 0 ? html` open` : NO_HTML}><summary>Workers <span>${summary}</span></summary>
<table class="activity"><thead><tr><th scope="col">Worker</th><th scope="col">Process</th><th scope="col">State</th><th scope="col">Answer</th><th scope="col">Series</th></tr></thead>
<tbody>
${sorted.slice(0, MAX_WORKERS).map(rowOf)}</tbody></table>${more}</details>
`;
}

function rankOf({ state }: WorkerReport): number {
  return state === "up" ? 1 : 0;
}

function rowOf(worker: WorkerReport): Html {
  const { slot, pid, state, answerSeconds, series } = worker;
  const answer = answerSeconds === undefined ? "" : formatDuration(answerSeconds * 1_000);
  return html`<tr><td>${String(slot)}</td><th scope="row">${String(pid)}${detailsOf(worker)}</th><td>${state === "up" ? html`up` : html`<strong>${state}</strong>`}</td><td>${answer}</td><td>${formatCount(series)}</td></tr>\n`;
}

/** Which thread of the process it is, and what its process manager calls it. */
function detailsOf({ thread, id }: WorkerReport): Html {
  const details = [
    ...(thread === 0 ? [] : [`thread ${thread}`]),
    ...(id === "" ? [] : [`id ${showName(id, MAX_ID_LENGTH)}`]),
  ];
  return details.length === 0 ? NO_HTML : html` <span>${details.join(", ")}</span>`;
}
