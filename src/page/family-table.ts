import { countOf, cutText, formatCount, type Html, html, NO_HTML, showName } from "./html.ts";
import type { LabelSize } from "./label-values.ts";
import type { FamilySize, FamilySizes, FamilyTotals } from "./measure-families.ts";

// The page shows only the beginning of texts that a program has made too long.
const MAX_NAME_LENGTH = 200;
const MAX_HELP_LENGTH = 300;
const MAX_LABEL_LENGTH = 60;

/**
 * The table of metric families, a row at a time.
 *
 * @param metricsPath Where the metrics are, as a link on the page.
 */
export function* familyTable(
  { largest, total }: FamilySizes,
  metricsPath: string,
): Generator<Html, void, undefined> {
  yield html`<table>
<thead><tr><th scope="col">Family</th><th scope="col" class="sets">Label sets</th><th scope="col">Series</th></tr></thead>
<tbody>
`;
  for (const family of largest) yield familyRow(family, total, metricsPath);
  yield html`</tbody>
${othersRow(largest, total)}</table>
`;
}

function familyRow(family: FamilySize, total: FamilyTotals, metricsPath: string): Html {
  const { name, help, type, labels, labelSets, series } = family;
  return html`<tr><th scope="row">${nameOf(name, metricsPath)} <span class="type">${type}</span>${
    help === "" ? NO_HTML : html`<p dir="auto">${cutText(help, MAX_HELP_LENGTH)}</p>`
  }${labelList(labels)}</th><td class="sets">${formatCount(labelSets)}</td><td>${formatCount(series)}${shareBar(series / (total.series || 1))}</td></tr>
`;
}

/** A name, as a link to only this family. */
function nameOf(name: string, metricsPath: string): Html {
  // Lets a long name break between its words.
  const words = showName(name, MAX_NAME_LENGTH).split(/(?<=[_:.])/);
  const shown = html`<code>${words.map((word, index) => html`${index === 0 ? NO_HTML : WORD_BREAK}${word}`)}</code>`;
  if (name.length > MAX_NAME_LENGTH) return shown;
  return html`<a href="${metricsPath}?name[]=${encodeName(name)}">${shown}</a>`;
}

const WORD_BREAK = html`<wbr>`;

const LONE_SURROGATES = /\p{Surrogate}/gu;

/** A lone surrogate cannot be encoded; the metrics send it as U+FFFD, too. */
function encodeName(name: string): string {
  return encodeURIComponent(name.replace(LONE_SURROGATES, "\ufffd"));
}

function labelList(labels: readonly LabelSize[]): Html {
  if (labels.length === 0) return NO_HTML;
  const items = labels.map(
    (label) =>
      html`<li><code>${showName(label.name, MAX_LABEL_LENGTH)}</code>${valuesOf(label)}</li>`,
  );
  return html`<ul>${items}</ul>`;
}

function valuesOf({ values, isAtLeast }: LabelSize): string {
  if (values === undefined) return "";
  return isAtLeast ? ` ${formatCount(values)}+ values` : ` ${countOf(values, "value", "values")}`;
}

/** A drawing, because the policy of the page allows no `style` attribute. */
function shareBar(share: number): Html {
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
