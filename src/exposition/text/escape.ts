const NEEDS_ESCAPE = /[\\\n"]/;

/** Escapes a label value or a quoted name: backslash, line feed and double quote. */
export function escapeQuoted(text: string): string {
  // The test alone is several times cheaper than the replacement, and values rarely need one.
  return NEEDS_ESCAPE.test(text) ? text.replace(/[\\\n"]/g, escapeOf) : text;
}

/** Escapes the help text of the text format: backslash and line feed, but no quote. */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, escapeOf);
}

function escapeOf(char: string): string {
  return char === "\n" ? "\\n" : `\\${char}`;
}
