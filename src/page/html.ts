/** Markup: text of which every part is known to be safe. */
export interface Html {
  readonly markup: string;
}

/** What stands between the pieces of a template: text is escaped, markup is not. */
export type HtmlValue = string | Html | readonly Html[];

/**
 * Makes markup of a template. Whatever is put into it is text, and escaped, unless it is markup
 * already: to forget that is not possible.
 *
 * @example
 * ```ts
 * html`<p title="${name}">${help}</p>`;
 * ```
 */
export function html(pieces: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = pieces[0] ?? "";
  values.forEach((value, index) => {
    markup += toMarkup(value) + (pieces[index + 1] ?? "");
  });
  return { markup };
}

/** Nothing. */
export const NO_HTML: Html = { markup: "" };

function toMarkup(value: HtmlValue): string {
  if (typeof value === "string") return escapeHtml(value);
  return "markup" in value ? value.markup : value.map(({ markup }) => markup).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For text between tags, and for the values of attributes in quotes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
