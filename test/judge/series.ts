import type { LineCursor } from "./line-cursor.ts";

/** Where the formats, and what their readers forgive, differ in names, labels and strings. */
export interface Dialect {
  /** Accepts names outside the legacy character set, in quotes. */
  readonly utf8Names: boolean;
  /** Accepts blanks between tokens, a comma after the last label and needless quotes. */
  readonly looseLayout: boolean;
  /** Reads `\x` as itself where `x` needs no escape (OpenMetrics 1.0, ABNF, `escaped-char`). */
  readonly openEscapes: boolean;
  /** Accepts `{}`. */
  readonly emptyBraces: boolean;
  /** Accepts `x=""`. */
  readonly emptyValues: boolean;
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Says whether a metric name may stand without quotes. */
export function isLegacyMetricName(name: string): boolean {
  return METRIC_NAME.test(name);
}

/** Says whether a label name may stand without quotes. */
export function isLegacyLabelName(name: string): boolean {
  return LABEL_NAME.test(name);
}

/** Reads the name after `# TYPE `, `# HELP ` or `# UNIT `, in quotes where it needs them. */
export function readFamilyName(cursor: LineCursor, dialect: Dialect): string {
  if (cursor.peek() === '"') {
    return readQuotedName(cursor, dialect, isLegacyMetricName);
  }
  return readBareMetricName(cursor);
}

/** Reads the name and the labels of a sample, whichever of the two comes first. */
export function readSeries(
  cursor: LineCursor,
  dialect: Dialect,
): { name: string; labels: Map<string, string> } {
  if (cursor.peek() !== "{") {
    const name = readBareMetricName(cursor);
    skipBlanks(cursor, dialect);
    const labels = cursor.peek() === "{" ? readLabels(cursor, dialect) : new Map();
    return { name, labels };
  }
  let name: string | undefined;
  const labels = readBraces(cursor, dialect, (quoted) => {
    name = quoted;
    return true;
  });
  if (name === undefined) {
    cursor.fail("a sample without a metric name");
  }
  return { name, labels };
}

/** Reads `{…}` that holds labels only: after a metric name, or in an exemplar. */
export function readLabels(cursor: LineCursor, dialect: Dialect): Map<string, string> {
  return readBraces(cursor, dialect, () => false);
}

/**
 * Reads `{…}`.
 *
 * @param claimName Takes a quoted string that stands first and alone, and says whether it may be
 * the metric name.
 */
function readBraces(
  cursor: LineCursor,
  dialect: Dialect,
  claimName: (quoted: string) => boolean,
): Map<string, string> {
  const labels = new Map<string, string>();
  cursor.take("{");
  skipBlanks(cursor, dialect);
  for (let index = 0; cursor.peek() !== "}"; index++) {
    const isQuoted = cursor.peek() === '"';
    if (isQuoted && index === 0) {
      const name = readQuotedName(cursor, dialect);
      skipBlanks(cursor, dialect);
      if (cursor.peek() === "=" || !claimName(name)) {
        requireQuotes(cursor, dialect, name, isLegacyLabelName);
        readLabelValue(cursor, dialect, name, labels);
      } else {
        requireQuotes(cursor, dialect, name, isLegacyMetricName);
      }
    } else {
      const name = isQuoted
        ? readQuotedName(cursor, dialect, isLegacyLabelName)
        : cursor.match(/[a-zA-Z_][a-zA-Z0-9_]*/y, "expected a label name");
      skipBlanks(cursor, dialect);
      readLabelValue(cursor, dialect, name, labels);
    }
    skipBlanks(cursor, dialect);
    if (!cursor.skip(",")) {
      cursor.take("}", 'expected "," or "}" after a label');
      return labels;
    }
    skipBlanks(cursor, dialect);
    if (cursor.peek() === "}" && !dialect.looseLayout) {
      cursor.fail("a comma after the last label");
    }
  }
  if (labels.size === 0 && !dialect.emptyBraces) {
    cursor.fail("braces without a label");
  }
  cursor.take("}");
  return labels;
}

function readLabelValue(
  cursor: LineCursor,
  dialect: Dialect,
  name: string,
  labels: Map<string, string>,
): void {
  cursor.take("=", 'expected "=" after a label name');
  skipBlanks(cursor, dialect);
  const value = readQuoted(cursor, dialect);
  if (name === "__name__") {
    cursor.fail('the label name "__name__" is reserved');
  }
  if (labels.has(name)) {
    cursor.fail(`the label ${JSON.stringify(name)} appears twice`);
  }
  if (value === "" && !dialect.emptyValues) {
    cursor.fail(`the label ${JSON.stringify(name)} has an empty value`);
  }
  labels.set(name, value);
}

function readBareMetricName(cursor: LineCursor): string {
  return cursor.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/y, "expected a metric name");
}

function readQuotedName(
  cursor: LineCursor,
  dialect: Dialect,
  isLegacy?: (name: string) => boolean,
): string {
  if (!dialect.utf8Names) {
    cursor.fail("a quoted name where UTF-8 names were not negotiated");
  }
  const name = readQuoted(cursor, dialect);
  if (name === "") {
    cursor.fail("an empty name");
  }
  if (name.includes("\0")) {
    cursor.fail("a NUL in a quoted name, which Prometheus takes for the end");
  }
  if (isLegacy !== undefined) {
    requireQuotes(cursor, dialect, name, isLegacy);
  }
  return name;
}

function requireQuotes(
  cursor: LineCursor,
  dialect: Dialect,
  name: string,
  isLegacy: (name: string) => boolean,
): void {
  if (isLegacy(name) && !dialect.looseLayout) {
    cursor.fail(`the name ${JSON.stringify(name)} needs no quotes`);
  }
}

/** Reads a string in double quotes and undoes its escapes. */
function readQuoted(cursor: LineCursor, dialect: Dialect): string {
  cursor.take('"', "expected a double quote");
  let value = "";
  while (!cursor.skip('"')) {
    value += cursor.skip("\\")
      ? readEscape(cursor, '"', dialect.openEscapes)
      : cursor.match(/[^"\\]+/y, "a string without its closing quote");
  }
  return value;
}

/** Reads a HELP text up to the end of the line and undoes its escapes. */
export function readHelp(cursor: LineCursor, quote: '"' | "", openEscapes: boolean): string {
  let value = "";
  while (!cursor.isAtEnd) {
    value += cursor.skip("\\")
      ? readEscape(cursor, quote, openEscapes)
      : cursor.match(/[^\\]+/y, "expected a help text");
  }
  return value;
}

/** Reads what follows a backslash. */
function readEscape(cursor: LineCursor, quote: '"' | "", openEscapes: boolean): string {
  if (cursor.skip("n")) {
    return "\n";
  }
  if (cursor.skip("\\")) {
    return "\\";
  }
  if (quote !== "" && cursor.skip(quote)) {
    return quote;
  }
  if (!openEscapes || cursor.isAtEnd) {
    cursor.fail("an unknown escape");
  }
  return "\\";
}

/** Skips blanks between tokens where the dialect allows them. */
export function skipBlanks(cursor: LineCursor, dialect: Dialect): void {
  if (dialect.looseLayout) {
    cursor.skipBlanks();
  }
}
