import { LineCursor } from "../line-cursor.ts";
import { splitLines } from "../lines.ts";
import {
  OPENMETRICS_NUMBER,
  OPENMETRICS_TIMESTAMP,
  PLAIN_DECIMAL,
  parseNumber,
  secondsToMs,
  TEXT_NUMBER,
} from "../number.ts";
import { type Dialect, readFamilyName, readHelp, readLabels, readSeries } from "../series.ts";
import {
  ExpositionError,
  type ParsedExemplar,
  type ParsedFamily,
  type ParsedSample,
} from "../types.ts";
import { createOpenMetricsFamilies, type OpenMetricsFamilies } from "./families.ts";

/** How to read an exposition in the OpenMetrics format. */
export interface OpenMetricsOptions {
  /**
   * Reads quoted names, as `escaping=allow-utf-8` has them.
   * @default false
   */
  readonly utf8Names?: boolean;
  /**
   * Checks the values that a type allows: no negative counter, whole bucket counts, an info of 1.
   * Off, all other rules still hold.
   * @default true
   */
  readonly strictSemantics?: boolean;
  /**
   * Wants the one layout that every parser reads: a TYPE for each family and before UNIT and HELP,
   * canonical `le` and `quantile`, buckets before counts, no series twice, nothing empty.
   * @default false
   */
  readonly canonical?: boolean;
  /**
   * Accepts `_created` lines although `canonical` is set.
   * @default false
   */
  readonly created?: boolean;
}

const TYPES = new Set([
  "counter",
  "gauge",
  "gaugehistogram",
  "histogram",
  "info",
  "stateset",
  "summary",
  "unknown",
]);

/**
 * Parses an exposition in the text format of OpenMetrics 1.0.0, or throws its first fault.
 *
 * Without options it judges like the test cases of the OpenMetrics project and like the Python
 * parser, whose word is law for the Datadog Agent.
 *
 * @throws {ExpositionError} With the line, the column and the broken rule.
 */
export function parseOpenMetrics(
  body: Uint8Array | string,
  options: OpenMetricsOptions = {},
): ParsedFamily[] {
  const { utf8Names = false, strictSemantics = true, canonical = false, created = false } = options;
  const rules = { utf8Names, strictSemantics, canonical, created };
  const families = createOpenMetricsFamilies(rules);
  const { lines, isTerminated } = splitLines(body);
  let isEof = false;
  lines.forEach((line, index) => {
    const cursor = new LineCursor(line, index + 1);
    if (isEof) {
      cursor.fail("a line after # EOF");
    }
    if (line === "") {
      cursor.fail("a blank line");
    }
    if (line === "# EOF") {
      isEof = true;
    } else if (line.startsWith("#")) {
      readMetadata(cursor, rules, families);
    } else {
      families.sample(cursor, readSample(cursor, rules));
    }
  });
  const lastLine = `line ${Math.max(lines.length, 1)}`;
  if (!isEof) {
    throw new ExpositionError(lastLine, "the exposition does not end with # EOF");
  }
  if (canonical && !isTerminated) {
    throw new ExpositionError(lastLine, "the last line does not end with LF");
  }
  return families.finish();
}

function dialectOf({ utf8Names, canonical }: Required<OpenMetricsOptions>): Dialect {
  return {
    utf8Names,
    looseLayout: false,
    openEscapes: !canonical,
    emptyBraces: !canonical,
    emptyValues: !canonical,
  };
}

function readMetadata(
  cursor: LineCursor,
  rules: Required<OpenMetricsOptions>,
  families: OpenMetricsFamilies,
): void {
  const keyword = (["TYPE", "UNIT", "HELP"] as const).find((word) => cursor.skip(`# ${word} `));
  if (keyword === undefined) {
    cursor.fail("expected # TYPE, # UNIT, # HELP or # EOF");
  }
  const name = readFamilyName(cursor, dialectOf(rules));
  cursor.take(" ", "expected one space after the name");
  if (rules.canonical && cursor.isAtEnd) {
    cursor.fail(`an empty ${keyword}`);
  }
  families.metadata(cursor, keyword, name, READERS[keyword](cursor, rules));
}

const READERS: Readonly<
  Record<
    "TYPE" | "UNIT" | "HELP",
    (cursor: LineCursor, rules: Required<OpenMetricsOptions>) => string
  >
> = {
  TYPE(cursor) {
    const type = cursor.word("expected a type");
    cursor.end();
    return TYPES.has(type) ? type : cursor.fail(`unknown type ${JSON.stringify(type)}`);
  },

  UNIT(cursor, { utf8Names }) {
    const unit = cursor.rest();
    // OpenMetrics 1.0, ABNF, `unit`: the characters of a metric name.
    if (!utf8Names && !/^[a-zA-Z0-9_:]*$/.test(unit)) {
      cursor.fail(`not a unit: ${JSON.stringify(unit)}`);
    }
    return unit;
  },

  HELP(cursor, { canonical }) {
    // The grammar wants `\"` here, unlike that of the text format, but parsers forgive a bare quote.
    if (canonical && !/^# HELP ("(\\.|[^"\\])*"|[^ "]+) (\\.|[^"\\])*\\?$/s.test(cursor.line)) {
      cursor.fail("a bare double quote in HELP");
    }
    return readHelp(cursor, '"', !canonical);
  },
};

function readSample(cursor: LineCursor, rules: Required<OpenMetricsOptions>): ParsedSample {
  const series = readSeries(cursor, dialectOf(rules));
  const value = readValue(cursor, rules);
  let timestampMs: number | undefined;
  let hasExemplar = cursor.skip(" # ");
  if (!hasExemplar && !cursor.isAtEnd) {
    timestampMs = readTimestamp(cursor, rules);
    hasExemplar = cursor.skip(" # ");
  }
  const exemplar = hasExemplar ? readExemplar(cursor, rules) : undefined;
  cursor.end();
  return {
    ...series,
    value,
    ...(timestampMs !== undefined && { timestampMs }),
    ...(exemplar !== undefined && { exemplar }),
  };
}

/** OpenMetrics 1.0, Exemplars: at most 128 characters of label names and values in all. */
function readExemplar(cursor: LineCursor, rules: Required<OpenMetricsOptions>): ParsedExemplar {
  const labels = readLabels(cursor, { ...dialectOf(rules), emptyBraces: true });
  const characters = [...labels].flat().reduce((sum, text) => sum + [...text].length, 0);
  if (characters > 128) {
    cursor.fail(`the labels of an exemplar have ${characters} characters, more than 128`);
  }
  // Parsers of Prometheus and of the Python client, some of them older, cannot read these there.
  const fatal = rules.canonical && /[}"\0]/.exec([...labels.values()].join(""))?.[0];
  if (fatal) {
    cursor.fail(`the labels of an exemplar contain ${JSON.stringify(fatal)}`);
  }
  const value = readValue(cursor, rules);
  const timestampMs = cursor.isAtEnd ? undefined : readTimestamp(cursor, rules);
  return { labels, value, ...(timestampMs !== undefined && { timestampMs }) };
}

function readValue(cursor: LineCursor, { canonical }: Required<OpenMetricsOptions>): number {
  cursor.take(" ", "expected one space before the value");
  const text = cursor.word("expected a value");
  return (
    parseNumber(text, canonical ? TEXT_NUMBER : OPENMETRICS_NUMBER) ??
    cursor.fail(`not a number: ${JSON.stringify(text)}`)
  );
}

function readTimestamp(cursor: LineCursor, { canonical }: Required<OpenMetricsOptions>): number {
  cursor.take(" ", "unexpected text after the value");
  const text = cursor.word("expected a timestamp");
  if (parseNumber(text, canonical ? PLAIN_DECIMAL : OPENMETRICS_TIMESTAMP) === undefined) {
    cursor.fail(`not a timestamp in seconds: ${JSON.stringify(text)}`);
  }
  return secondsToMs(text);
}
