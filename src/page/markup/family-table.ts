import type { LabelSize } from "../measure/label-values.ts";
import type { FamilySize, FamilySizes, FamilyTotals } from "../measure/measure-families.ts";
import { wellFormed } from "../overview.ts";
import { cutText, type Html, html, NO_HTML, showName } from "./html.ts";
import { countOf, formatCount } from "./units.ts";

// The page shows only the beginning of texts that a program has made too long.
const MAX_NAME_LENGTH = 200;
const MAX_HELP_LENGTH = 300;
const MAX_LABEL_LENGTH = 60;

/**
 * A table of metric families, a row at a time.
 *
 * @param id Names the table for the script.
 */
export function* familyTable(
  { largest, total }: FamilySizes,
  id: string,
): Generator<Html, void, undefined> {
  yield html`<table id="${id}" data-families="${String(total.families)}" data-series="${String(total.series)}">
<thead><tr><th scope="col"><span data-sort="name">Family</span> <span data-sort="type"></span></th><th scope="col" class="sets"><span data-sort="sets">Label sets</span></th><th scope="col"><span data-sort="series">Series</span></th></tr></thead>
<tbody>
`;
  for (const family of largest) yield familyRow(family, total);
  yield html`</tbody>
${othersRow(largest, total)}</table>
`;
}

function familyRow(family: FamilySize, total: FamilyTotals): Html {
  const { name, help, type, labels, labelSets, series } = family;
  return html`<tr><th scope="row">${nameOf(name)} <span class="type">${type}</span>${
    help === "" ? NO_HTML : html`<p dir="auto">${cutText(help, MAX_HELP_LENGTH)}</p>`
  }${labelList(name, labels)}</th><td class="sets">${formatCount(labelSets)}</td><td>${formatCount(series)}${shareBar(series / (total.series || 1))}</td></tr>
`;
}

/** A name, as a link to the page of this family. */
function nameOf(name: string): Html {
  const shown = breakable(showName(name, MAX_NAME_LENGTH));
  return hasPage(name) ? html`<a href="?family=${encodeName(name)}">${shown}</a>` : shown;
}

/** A longer name would not fit into a request. */
function hasPage(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH;
}

/** Lets a long name break between its words. */
export function breakable(name: string): Html {
  const words = name.split(/(?<=[_:.])/);
  return html`<code>${words.map((word, index) => html`${index === 0 ? NO_HTML : WORD_BREAK}${word}`)}</code>`;
}

const WORD_BREAK = html`<wbr>`;

/** Encodes a name for a query. */
export function encodeName(name: string): string {
  return encodeURIComponent(wellFormed(name));
}

/** The labels, as links to their values where these were counted: in the largest families. */
function labelList(family: string, labels: readonly LabelSize[]): Html {
  if (labels.length === 0) return NO_HTML;
  const items = labels.map((label) => {
    const shown = html`<code>${showName(label.name, MAX_LABEL_LENGTH)}</code>${valuesOf(label)}`;
    if (label.values === undefined || !hasPage(family)) return html`<li>${shown}</li>`;
    return html`<li><a href="?family=${encodeName(family)}#${labelId(label.name)}">${shown}</a></li>`;
  });
  return html`<ul>${items}</ul>`;
}

/** The id of a label on the page of its family: a browser opens what a link to it is in. */
export function labelId(name: string): string {
  return `label-${encodeName(name)}`;
}

function valuesOf({ values, isAtLeast }: LabelSize): string {
  if (values === undefined) return "";
  return isAtLeast ? ` ${formatCount(values)}+ values` : ` ${countOf(values, "value", "values")}`;
}

/** A drawing, because the policy of the page allows no `style` attribute. */
export function shareBar(share: number): Html {
  const width = (share * 100).toFixed(1);
  return html`<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width="${width}" height="4"/></svg>`;
}

function othersRow(largest: readonly FamilySize[], total: FamilyTotals): Html {
  const families = total.families - largest.length;
  if (families === 0) return NO_HTML;
  const labelSets = total.labelSets - sum(largest.map((family) => family.labelSets));
  const series = total.series - sum(largest.map((family) => family.series));
  return html`<tfoot><tr><th scope="row">${countOf(families, "smaller family", "smaller families")}</th><td class="sets">${formatCount(labelSets)}</td><td>${formatCount(series)}</td></tr></tfoot>
`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
