import {
  checkBuckets,
  failAt,
  groupSamples,
  readQuantile,
  type SampleGroup,
  type SampleLine,
} from "../distribution.ts";
import { type ParsedFamily, sampleKey } from "../types.ts";
import type { TextFamilies } from "./text.ts";

interface Draft {
  readonly name: string;
  readonly line: number;
  type?: string;
  help?: string;
  readonly lines: SampleLine[];
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/**
 * Collects families that stand each in one piece: HELP, if there is one, TYPE, and then samples.
 *
 * Prometheus, Exposition formats, Text format details: one HELP and one TYPE per name, before the
 * first sample, and all lines of a metric in one group.
 */
export function createStrictFamilies(): TextFamilies {
  const names = new Set<string>();
  const sampleNames = new Set<string>();
  const series = new Set<string>();
  const families: ParsedFamily[] = [];
  let current: Draft | undefined;

  const finishCurrent = (): void => {
    if (current !== undefined) {
      families.push(finishFamily(current));
    }
    current = undefined;
  };

  const start = (name: string, line: number): Draft => {
    finishCurrent();
    if (names.has(name)) {
      failAt(line, `the lines of ${name} do not stand together`);
    }
    // To prometheus/common it is the histogram or the summary that has these samples.
    if (sampleNames.has(name)) {
      failAt(line, `a second TYPE for the samples ${name}`);
    }
    names.add(name);
    current = { name, line, lines: [] };
    return current;
  };

  return {
    help({ number }, name, help) {
      if (current?.name === name) {
        failAt(number, current.help === undefined ? "HELP after TYPE" : "a second HELP");
      }
      if (help === "") {
        failAt(number, "an empty HELP");
      }
      start(name, number).help = help;
    },

    type({ number }, name, type) {
      const draft = current?.name === name ? current : start(name, number);
      if (draft.type !== undefined) {
        failAt(number, "a second TYPE");
      }
      draft.type = type;
      for (const suffix of SUFFIXES[type] ?? []) {
        if (suffix !== "") {
          sampleNames.add(name + suffix);
        }
      }
    },

    sample({ number }, sample) {
      if (current?.type === undefined) {
        failAt(number, `the sample ${sample.name} without a TYPE`);
      }
      const { type, name } = current;
      const suffixes = SUFFIXES[type] ?? [""];
      if (!suffixes.some((suffix) => sample.name === name + suffix)) {
        failAt(number, `${sample.name} does not belong to the ${type} ${name} before it`);
      }
      const key = sampleKey(sample);
      if (series.has(key)) {
        failAt(number, "a duplicate series");
      }
      series.add(key);
      current.lines.push({ line: number, sample });
    },

    finish() {
      finishCurrent();
      return families;
    },
  };
}

function finishFamily(draft: Draft): ParsedFamily {
  const { name, type, help, lines, line } = draft;
  if (type === undefined) {
    failAt(line, `HELP without TYPE for ${name}`);
  }
  if (type === "histogram") {
    const bucket = `${name}_bucket`;
    for (const group of groupSamples(lines, ({ name: n }) => (n === bucket ? "le" : undefined))) {
      checkHistogram(group, name);
    }
  } else if (type === "summary") {
    for (const group of groupSamples(lines, ({ name: n }) =>
      n === name ? "quantile" : undefined,
    )) {
      checkSummary(group, name);
    }
  }
  return {
    name,
    type,
    ...(help !== undefined && { help }),
    samples: lines.map(({ sample }) => sample),
  };
}

function checkHistogram(group: SampleGroup, name: string): void {
  const buckets = checkBuckets(group, `${name}_bucket`);
  const count = checkSumAndCount(group, name, buckets.length, "le");
  if (count === undefined) {
    failAt(group[0].line, `${name} without _count`);
  }
  if (buckets.at(-1)?.sample.value !== count.sample.value) {
    failAt(count.line, "_count is not the count of the +Inf bucket");
  }
}

function checkSummary(group: SampleGroup, name: string): void {
  let previous = Number.NEGATIVE_INFINITY;
  const quantiles = group.filter(({ sample }) => sample.name === name);
  for (const { line, sample } of quantiles) {
    const quantile = readQuantile(line, sample);
    if (quantile <= previous) {
      failAt(line, "quantile does not ascend");
    }
    previous = quantile;
  }
  checkSumAndCount(group, name, quantiles.length, "quantile");
}

/**
 * Checks that `_sum` and `_count`, each where it is known, close the group, without its bound label, and
 * returns the latter.
 */
function checkSumAndCount(
  group: SampleGroup,
  name: string,
  index: number,
  bound: "le" | "quantile",
): SampleLine | undefined {
  const part = (suffix: string): SampleLine | undefined =>
    group.find(({ sample }) => sample.name === name + suffix);
  const count = part("_count");
  const totals = [part("_sum"), count].filter((total) => total !== undefined);
  if (totals.some((total, at) => group[index + at] !== total)) {
    failAt(group[0].line, `the order of ${name} is not: each ${bound}, _sum, _count`);
  }
  if (count?.sample.labels.has(bound)) {
    failAt(count.line, `${name} has a label ${bound} of its own`);
  }
  return count;
}
