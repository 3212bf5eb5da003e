const NUMBERS = new Intl.NumberFormat("en-US");

/** Writes a number for a person to read: `1,234,567`. */
export function formatCount(count: number): string {
  return NUMBERS.format(count);
}

/** Writes a number of things: `1 family`, `2 families`. */
export function countOf(count: number, singular: string, plural: string): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** Cuts a text that is longer than `maxLength` UTF-16 code units, but not in the middle of one. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Cuts a name, and makes characters visible that are not: two names must not look the same. */
export function showName(name: string, maxLength: number): string {
  return cutText(name, maxLength).replace(
    /[\p{Cc}\p{Cf}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}
