import { failAt, type SampleLine } from "../distribution.ts";
import type { LineCursor } from "../line-cursor.ts";
import type { ParsedFamily, ParsedSample } from "../types.ts";
import type { OpenMetricsOptions } from "./openmetrics.ts";
import { checkSamples, SAMPLE_SUFFIXES } from "./rules.ts";

/** What the reader of an OpenMetrics exposition does with its lines. */
export interface OpenMetricsFamilies {
  metadata(cursor: LineCursor, keyword: "TYPE" | "UNIT" | "HELP", name: string, text: string): void;
  sample(cursor: LineCursor, sample: ParsedSample): void;
  /** Checks the last family and returns all. */
  finish(): ParsedFamily[];
}

interface Draft {
  readonly name: string;
  readonly line: number;
  readonly metadata: Map<"TYPE" | "UNIT" | "HELP", string>;
  readonly lines: SampleLine[];
}

const METADATA_ORDER = ["TYPE", "UNIT", "HELP"] as const;

/**
 * Collects the families of an OpenMetrics exposition.
 *
 * OpenMetrics 1.0, MetricFamily and Text format: the lines of a family stand together, its metadata
 * before its samples; no name of a sample may belong to two families. A sample that the family
 * before it does not know begins a family of type unknown.
 */
export function createOpenMetricsFamilies(
  rules: Required<OpenMetricsOptions>,
): OpenMetricsFamilies {
  const reserved = new Set<string>();
  const families: ParsedFamily[] = [];
  let current: Draft | undefined;

  const finishCurrent = (): void => {
    if (current !== undefined) {
      reserveNames(current, reserved);
      families.push(finishFamily(current, rules));
    }
    current = undefined;
  };

  const start = (name: string, line: number): Draft => {
    finishCurrent();
    current = { name, line, metadata: new Map(), lines: [] };
    return current;
  };

  return {
    metadata({ number }, keyword, name, text) {
      const draft = current?.name === name ? current : start(name, number);
      if (draft.lines.length > 0) {
        failAt(number, `${keyword} after a sample of ${name}`);
      }
      if (draft.metadata.has(keyword)) {
        failAt(number, `a second ${keyword} for ${name}`);
      }
      draft.metadata.set(keyword, text);
      if (rules.canonical && !isInOrder([...draft.metadata.keys()])) {
        failAt(number, `the order of ${name} is not: TYPE, UNIT, HELP`);
      }
    },

    sample({ number: line }, sample) {
      if (current !== undefined && sampleNames(current).includes(sample.name)) {
        current.lines.push({ line, sample });
        return;
      }
      if (rules.canonical) {
        failAt(line, `${sample.name} does not belong to the family before it`);
      }
      start(sample.name, line).lines.push({ line, sample });
    },

    finish() {
      finishCurrent();
      return families;
    },
  };
}

function typeOf({ metadata }: Draft): string {
  return metadata.get("TYPE") ?? "unknown";
}

function sampleNames(draft: Draft): string[] {
  return (SAMPLE_SUFFIXES[typeOf(draft)] ?? [""]).map((suffix) => draft.name + suffix);
}

function isInOrder(keywords: readonly ("TYPE" | "UNIT" | "HELP")[]): boolean {
  const expected = METADATA_ORDER.filter((keyword) => keywords.includes(keyword));
  return keywords[0] === "TYPE" && keywords.join() === expected.join();
}

function reserveNames(draft: Draft, reserved: Set<string>): void {
  const names = new Set([draft.name, ...sampleNames(draft)]);
  for (const name of names) {
    if (reserved.has(name)) {
      failAt(draft.line, `the name ${name} belongs to two families`);
    }
  }
  for (const name of names) {
    reserved.add(name);
  }
}

function finishFamily(draft: Draft, rules: Required<OpenMetricsOptions>): ParsedFamily {
  const { name, line, metadata, lines } = draft;
  const type = typeOf(draft);
  const unit = metadata.get("UNIT") ?? "";
  const help = metadata.get("HELP");
  if (unit !== "" && !name.endsWith(`_${unit}`)) {
    failAt(line, `the name ${name} does not end with its unit ${unit}`);
  }
  if (unit !== "" && (type === "info" || type === "stateset")) {
    failAt(line, `a unit for the ${type} ${name}`);
  }
  checkSamples({ name, type, lines }, rules);
  return {
    name,
    type,
    ...(help !== undefined && { help }),
    ...(unit !== "" && { unit }),
    samples: lines.map(({ sample }) => sample),
  };
}
