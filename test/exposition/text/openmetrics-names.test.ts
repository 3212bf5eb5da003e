import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type NamedFamily, nameFamilies } from "../../../src/exposition/text/openmetrics-names.ts";
import type { MetricFamily, MetricType } from "../../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";

interface NameCase {
  readonly criterion: string;
  /** Each family as `name type`. */
  readonly families: readonly string[];
  readonly scheme?: EscapingScheme;
  /** Each named family as `name type`. */
  readonly named: readonly string[];
  readonly skipped?: readonly string[];
}

const CASES: readonly NameCase[] = [
  { criterion: "has nothing to do for no families", families: [], named: [] },
  {
    criterion: "shortens only the names of counters and infos",
    families: ["a_total counter", "b_info info", "c_total gauge", "d_info gauge", "e summary"],
    named: ["a counter", "b info", "c_total gauge", "d_info gauge", "e summary"],
  },
  {
    criterion: "makes a counter without its suffix unknown",
    families: ["a counter", "_total counter", "_info info"],
    named: ["a unknown", "_total unknown", "_info unknown"],
  },
  {
    criterion: "shortens what is left after escaping",
    families: ["my.a_total counter", "my.b_info info", "c.total counter"],
    scheme: "values",
    named: ["U__my_2e_a_ counter", "U__my_2e_b_ info", "U__c_2e counter"],
  },
  {
    criterion: "shortens quoted names",
    families: ["my.a_total counter"],
    scheme: "allow-utf-8",
    named: ["my.a counter"],
  },
  {
    criterion: "makes a counter unknown if its short name is an earlier family's",
    families: ["x gauge", "x_total counter"],
    named: ["x gauge", "x_total unknown"],
  },
  {
    criterion: "makes a counter unknown if its short name is a later family's",
    families: ["x_total counter", "x gauge"],
    named: ["x_total unknown", "x gauge"],
  },
  {
    criterion: "makes a counter unknown if a later family has its _created name",
    families: ["x_total counter", "x_created gauge"],
    named: ["x_total unknown", "x_created gauge"],
  },
  {
    criterion: "makes a counter unknown if its short name is a histogram's",
    families: ["h histogram", "h_count_total counter"],
    named: ["h histogram", "h_count_total unknown"],
  },
  {
    criterion: "makes a counter unknown if it clashes after escaping",
    families: ["my.x_total counter", "my_x gauge"],
    named: ["my_x_total unknown", "my_x gauge"],
  },
  {
    criterion: "makes both of two counters unknown that clash",
    families: ["x_total counter", "x_total_total counter"],
    named: ["x_total unknown", "x_total_total unknown"],
  },
  {
    criterion: "makes an info unknown if its short name is another family's",
    families: ["x_info info", "x gauge"],
    named: ["x_info unknown", "x gauge"],
  },
  {
    criterion: "reserves nothing for a family that is skipped for its name",
    families: ["x.y_total counter", "x_y_total counter", "x_y_total gauge"],
    named: ["x_y counter"],
    skipped: [
      "x_y_total: another family is already called x_y_total",
      "x_y_total: another family is already called x_y_total",
    ],
  },
  {
    criterion: "keeps the first of two families where neither can change",
    families: ["h histogram", "h_sum gauge", "s_count gauge", "s summary", "g_gsum gauge"],
    named: ["h histogram", "s_count gauge", "g_gsum gauge"],
    skipped: [
      "h_sum: OpenMetrics reserves the name h_sum for another family",
      "s: OpenMetrics reserves the name s_count for another family",
    ],
  },
  {
    criterion: "keeps the first where a counter without its suffix clashes",
    families: ["g gaugehistogram", "g_bucket counter", "g_sum counter", "g_gcount stateset"],
    named: ["g gaugehistogram", "g_sum unknown"],
    skipped: [
      "g_bucket: OpenMetrics reserves the name g_bucket for another family",
      "g_gcount: OpenMetrics reserves the name g_gcount for another family",
    ],
  },
];

for (const { criterion, families, scheme = "underscores", named, skipped = [] } of CASES) {
  test(`nameFamilies() ${criterion}`, () => {
    const result = nameFamilies(families.map(familyOf), scheme);
    assert.deepEqual(
      result.named.map(({ name, type }) => `${name} ${type}`),
      named,
    );
    assert.deepEqual(
      result.skipped.map(({ name, reason }) => `${name}: ${reason}`),
      skipped,
    );
  });
}

const TYPES: readonly MetricType[] = [
  "counter",
  "gauge",
  "unknown",
  "info",
  "stateset",
  "histogram",
  "gaugehistogram",
  "summary",
];

/** Names that touch each other as often as possible. */
const FAMILIES = fc.array(
  fc
    .tuple(
      fc.constantFrom("a", "a.b", "a_b"),
      fc.array(
        fc.constantFrom("_total", "_created", "_count", "_sum", "_bucket", "_info", "_gsum"),
        {
          maxLength: 2,
        },
      ),
      fc.constantFrom(...TYPES),
    )
    .map(([base, suffixes, type]) => familyOf(`${base}${suffixes.join("")} ${type}`)),
  { maxLength: 8 },
);

test("nameFamilies() never lets two families reserve one name", () => {
  fc.assert(
    fc.property(FAMILIES, (families) => {
      const reserved = nameFamilies(families, "underscores").named.flatMap(reservedBy);
      assert.deepEqual(reserved, [...new Set(reserved)]);
    }),
  );
});

test("nameFamilies() names or skips each family, and keeps the order", () => {
  fc.assert(
    fc.property(FAMILIES, (families) => {
      const { named, skipped } = nameFamilies(families, "underscores");
      assert.equal(named.length + skipped.length, families.length);
      const positions = named.map(({ family }) => families.indexOf(family));
      assert.deepEqual(
        positions,
        positions.toSorted((a, b) => a - b),
      );
    }),
  );
});

/** OpenMetrics 1.0, Suffixes, as the Python parser has them. */
function reservedBy({ name, type }: NamedFamily): string[] {
  switch (type) {
    case "counter":
      return [name, `${name}_total`, `${name}_created`];
    case "summary":
      return [name, `${name}_count`, `${name}_sum`, `${name}_created`];
    case "histogram":
      return [name, `${name}_count`, `${name}_sum`, `${name}_bucket`, `${name}_created`];
    case "gaugehistogram":
      return [name, `${name}_gcount`, `${name}_gsum`, `${name}_bucket`];
    case "info":
      return [name, `${name}_info`];
    default:
      return [name];
  }
}

function familyOf(nameAndType: string): MetricFamily {
  const [name = "", type] = nameAndType.split(" ");
  // The tables above name nothing but types.
  return { name, help: "", type: type as "gauge", metrics: [] };
}
