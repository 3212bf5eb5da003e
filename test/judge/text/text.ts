import { LineCursor } from "../line-cursor.ts";
import { splitLines } from "../lines.ts";
import { LENIENT_NUMBER, parseNumber, TEXT_NUMBER } from "../number.ts";
import { type Dialect, readFamilyName, readHelp, readSeries, skipBlanks } from "../series.ts";
import { ExpositionError, type ParsedFamily, type ParsedSample } from "../types.ts";
import { createLenientFamilies } from "./lenient.ts";
import { createStrictFamilies } from "./strict.ts";

/** How to read an exposition in the text format. */
export interface TextOptions {
  /**
   * Reads quoted names, as text 1.0.0 and `escaping=allow-utf-8` have them.
   * @default false
   */
  readonly utf8Names?: boolean;
  /**
   * Reads everything that prometheus/common reads, and empty expositions: blank lines, comments,
   * loose layout, families in any order, samples without a type, incomplete histograms.
   * @default false
   */
  readonly lenient?: boolean;
}

/** What the two readings of a text exposition, strict and lenient, do with its lines. */
export interface TextFamilies {
  help(cursor: LineCursor, name: string, help: string): void;
  type(cursor: LineCursor, name: string, type: string): void;
  sample(cursor: LineCursor, sample: ParsedSample): void;
  /** Checks the last family and returns all. */
  finish(): ParsedFamily[];
}

const TYPES = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Parses an exposition in text format 0.0.4 or 1.0.0, or throws its first fault.
 *
 * By default it is stricter than any scraper: it wants the one layout that all of them read
 * (Prometheus, Exposition formats, and the parsers of Prometheus and prometheus/common).
 *
 * @throws {ExpositionError} With the line, the column and the broken rule.
 */
export function parseText(body: Uint8Array | string, options: TextOptions = {}): ParsedFamily[] {
  const { utf8Names = false, lenient = false } = options;
  const dialect: Dialect = {
    utf8Names,
    looseLayout: lenient,
    openEscapes: false,
    emptyBraces: lenient,
    emptyValues: lenient,
  };
  const families = lenient ? createLenientFamilies() : createStrictFamilies();
  const { lines, isTerminated } = splitLines(body);
  lines.forEach((line, index) => {
    const cursor = new LineCursor(line, index + 1);
    skipBlanks(cursor, dialect);
    if (cursor.isAtEnd) {
      if (!lenient) {
        cursor.fail("a blank line");
      }
    } else if (cursor.peek() === "#") {
      readComment(cursor, dialect, families);
    } else {
      families.sample(cursor, readSample(cursor, dialect));
    }
  });
  if (!isTerminated) {
    throw new ExpositionError(`line ${lines.length}`, "the last line does not end with LF");
  }
  return families.finish();
}

function readComment(cursor: LineCursor, dialect: Dialect, families: TextFamilies): void {
  cursor.take("#");
  readBlank(cursor, dialect, "a comment");
  const keyword = cursor.isAtEnd ? "" : cursor.word("a comment");
  if (keyword !== "HELP" && keyword !== "TYPE") {
    if (!dialect.looseLayout) {
      cursor.fail("a comment");
    }
    return;
  }
  skipBlanks(cursor, dialect);
  if (dialect.looseLayout && cursor.isAtEnd) {
    return;
  }
  readBlank(cursor, dialect, `expected one space after ${keyword}`);
  const name = readFamilyName(cursor, dialect);
  if (dialect.looseLayout && cursor.isAtEnd) {
    return;
  }
  cursor.take(cursor.peek() === "\t" && dialect.looseLayout ? "\t" : " ");
  skipBlanks(cursor, dialect);
  if (keyword === "HELP") {
    families.help(cursor, name, readHelp(cursor, "", false));
    return;
  }
  const type = cursor.word("expected a type");
  cursor.end();
  if (!TYPES.has(type)) {
    cursor.fail(`unknown type ${JSON.stringify(type)}`);
  }
  families.type(cursor, name, type);
}

function readSample(cursor: LineCursor, dialect: Dialect): ParsedSample {
  const series = readSeries(cursor, dialect);
  readBlank(cursor, dialect, "expected one space before the value");
  const text = cursor.word("expected a value");
  const value = parseNumber(text, dialect.looseLayout ? LENIENT_NUMBER : TEXT_NUMBER);
  if (value === undefined) {
    cursor.fail(`not a number: ${JSON.stringify(text)}`);
  }
  const timestampMs = readTimestamp(cursor, dialect);
  cursor.end();
  return { ...series, value, ...(timestampMs !== undefined && { timestampMs }) };
}

function readTimestamp(cursor: LineCursor, dialect: Dialect): number | undefined {
  skipBlanks(cursor, dialect);
  if (cursor.isAtEnd || cursor.peek() === "\r") {
    return undefined;
  }
  readBlank(cursor, dialect, "expected one space before the timestamp");
  const text = cursor.word("expected a timestamp");
  // The format allows a negative timestamp, but Prometheus fails the scrape.
  const grammar = dialect.looseLayout ? /^[+-]?\d+$/ : /^\d+$/;
  if (!grammar.test(text) || BigInt(text.replace("+", "")) > MAX_INT64) {
    cursor.fail(`not a timestamp in whole milliseconds: ${JSON.stringify(text)}`);
  }
  return Number(text);
}

/** Reads exactly one space, or any blanks where the layout is loose. */
function readBlank(cursor: LineCursor, dialect: Dialect, rule: string): void {
  if (dialect.looseLayout) {
    cursor.skipBlanks();
  } else {
    cursor.take(" ", rule);
  }
}
