/** Markup: text of which every part is safe. */
export interface Html {
  readonly markup: string;
}

/** A value in a template: text is escaped, markup is not. */
export type HtmlValue = string | Html | readonly Html[];

/**
 * Makes markup of a template. Every value is text, and escaped, unless it is markup already, so
 * that escaping cannot be forgotten.
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

/** Empty markup. */
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

/** Truncates a text that is longer than `maxLength` UTF-16 code units, but never within a pair. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Truncates a name, and makes invisible characters visible: two names must not look the same. */
export function showName(name: string, maxLength: number): string {
  return cutText(name, maxLength).replace(
    /[\p{Cc}\p{Cf}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}
