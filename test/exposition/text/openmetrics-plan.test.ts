import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type OpenMetricsPlan,
  planFamilies,
} from "../../../src/exposition/text/openmetrics-plan.ts";
import type { MetricFamily, MetricType } from "../../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";

interface PlanCase {
  readonly criterion: string;
  /** Each family as `name type`. */
  readonly families: readonly string[];
  readonly scheme?: EscapingScheme;
  /** Each planned family as `name type`. */
  readonly planned: readonly string[];
  readonly leftOut?: readonly string[];
}

const CASES: readonly PlanCase[] = [
  { criterion: "has nothing to do for no families", families: [], planned: [] },
  {
    criterion: "shortens the names of counters and infos alone",
    families: ["a_total counter", "b_info info", "c_total gauge", "d_info gauge", "e summary"],
    planned: ["a counter", "b info", "c_total gauge", "d_info gauge", "e summary"],
  },
  {
    criterion: "takes the type from a counter without its suffix",
    families: ["a counter", "_total counter", "_info info"],
    planned: ["a unknown", "_total unknown", "_info unknown"],
  },
  {
    criterion: "shortens what is left after escaping",
    families: ["my.a_total counter", "my.b_info info", "c.total counter"],
    scheme: "values",
    planned: ["U__my_2e_a_ counter", "U__my_2e_b_ info", "U__c_2e counter"],
  },
  {
    criterion: "shortens quoted names",
    families: ["my.a_total counter"],
    scheme: "allow-utf-8",
    planned: ["my.a counter"],
  },
  {
    criterion: "takes the type from a counter whose short name is an earlier family's",
    families: ["x gauge", "x_total counter"],
    planned: ["x gauge", "x_total unknown"],
  },
  {
    criterion: "takes the type from a counter whose short name is a later family's",
    families: ["x_total counter", "x gauge"],
    planned: ["x_total unknown", "x gauge"],
  },
  {
    criterion: "takes the type from a counter whose creation time has a later family's name",
    families: ["x_total counter", "x_created gauge"],
    planned: ["x_total unknown", "x_created gauge"],
  },
  {
    criterion: "takes the type from a counter whose short name is one of a histogram's",
    families: ["h histogram", "h_count_total counter"],
    planned: ["h histogram", "h_count_total unknown"],
  },
  {
    criterion: "takes the type from a counter that clashes after escaping",
    families: ["my.x_total counter", "my_x gauge"],
    planned: ["my_x_total unknown", "my_x gauge"],
  },
  {
    criterion: "takes the type from both of two counters that clash",
    families: ["x_total counter", "x_total_total counter"],
    planned: ["x_total unknown", "x_total_total unknown"],
  },
  {
    criterion: "takes the type from an info whose short name is another family's",
    families: ["x_info info", "x gauge"],
    planned: ["x_info unknown", "x gauge"],
  },
  {
    criterion: "lets a family that is left out for its name take no type",
    families: ["x.y_total counter", "x_y_total counter", "x_y_total gauge"],
    planned: ["x_y counter"],
    leftOut: [
      "x_y_total: another family is already called x_y_total",
      "x_y_total: another family is already called x_y_total",
    ],
  },
  {
    criterion: "keeps the first of two families where neither can give way",
    families: ["h histogram", "h_sum gauge", "s_count gauge", "s summary", "g_gsum gauge"],
    planned: ["h histogram", "s_count gauge", "g_gsum gauge"],
    leftOut: [
      "h_sum: OpenMetrics reserves the name h_sum for another family",
      "s: OpenMetrics reserves the name s_count for another family",
    ],
  },
  {
    criterion: "keeps the first where a counter without its suffix clashes",
    families: ["g gaugehistogram", "g_bucket counter", "g_sum counter", "g_gcount stateset"],
    planned: ["g gaugehistogram", "g_sum unknown"],
    leftOut: [
      "g_bucket: OpenMetrics reserves the name g_bucket for another family",
      "g_gcount: OpenMetrics reserves the name g_gcount for another family",
    ],
  },
];

for (const { criterion, families, scheme = "underscores", planned, leftOut = [] } of CASES) {
  test(`planFamilies() ${criterion}`, () => {
    const plan = planFamilies(families.map(familyOf), scheme);
    assert.deepEqual(
      plan.planned.map(({ name, type }) => `${name} ${type}`),
      planned,
    );
    assert.deepEqual(
      plan.leftOut.map(({ name, reason }) => `${name}: ${reason}`),
      leftOut,
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

test("planFamilies() never lets two families reserve one name", () => {
  fc.assert(
    fc.property(FAMILIES, (families) => {
      const reserved = planFamilies(families, "underscores").planned.flatMap(reservedBy);
      assert.deepEqual(reserved, [...new Set(reserved)]);
    }),
  );
});

test("planFamilies() plans or leaves out each family, and keeps the order", () => {
  fc.assert(
    fc.property(FAMILIES, (families) => {
      const { planned, leftOut } = planFamilies(families, "underscores");
      assert.equal(planned.length + leftOut.length, families.length);
      const positions = planned.map(({ family }) => families.indexOf(family));
      assert.deepEqual(
        positions,
        positions.toSorted((a, b) => a - b),
      );
    }),
  );
});

/** OpenMetrics 1.0, Suffixes, as the Python parser has them. */
function reservedBy({ name, type }: OpenMetricsPlan["planned"][number]): string[] {
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
