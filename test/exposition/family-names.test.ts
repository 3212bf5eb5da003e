import assert from "node:assert/strict";
import { test } from "node:test";
import { uniquelyNamed } from "../../src/exposition/family-names.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../src/model/names.ts";

interface NameCase {
  readonly criterion: string;
  readonly families: readonly MetricFamily[];
  readonly scheme?: EscapingScheme;
  readonly names: readonly string[];
  readonly faults?: readonly string[];
}

const CASES: readonly NameCase[] = [
  {
    criterion: "keeps legacy names",
    families: [family("a_total", "counter"), family("a", "gauge"), family("a:b", "unknown")],
    names: ["a_total", "a", "a:b"],
  },
  {
    criterion: "escapes names",
    families: [family("my.a_total", "counter"), family("my.b", "histogram")],
    scheme: "values",
    names: ["U__my_2e_a__total", "U__my_2e_b"],
  },
  {
    criterion: "lets UTF-8 pass where the scraper reads it",
    families: [family("my.a", "gauge"), family("my_a", "gauge")],
    scheme: "allow-utf-8",
    names: ["my.a", "my_a"],
  },
  {
    criterion: "adds the suffix of an info",
    families: [family("a_info", "info"), family("b", "info"), family("c.d", "info")],
    names: ["a_info", "b_info", "c_d_info"],
  },
  {
    criterion: "keeps the first of equal names",
    families: [family("a", "gauge"), family("b", "gauge"), family("a", "counter")],
    names: ["a", "b"],
    faults: ["a: another family is already called a"],
  },
  {
    criterion: "keeps the first of names that become equal",
    families: [
      family("a.b", "gauge"),
      family("a_b", "gauge"),
      family("x", "info"),
      family("x_info", "gauge"),
    ],
    names: ["a_b", "x_info"],
    faults: [
      "a_b: another family is already called a_b",
      "x_info: another family is already called x_info",
    ],
  },
  {
    criterion: "skips a family without a name",
    families: [family("", "gauge"), family("", "info"), family("a", "gauge")],
    scheme: "values",
    names: ["a"],
    faults: [": a family has no name", ": a family has no name"],
  },
];

for (const { criterion, families, scheme = "underscores", names, faults = [] } of CASES) {
  test(`uniquelyNamed() ${criterion}`, () => {
    const reported: string[] = [];
    const report = (name: string, reason: string) => void reported.push(`${name}: ${reason}`);
    const named = [...uniquelyNamed(families, scheme, report)];
    assert.deepEqual(
      named.map(([, name]) => name),
      names,
    );
    assert.deepEqual(reported, faults);
    for (const [family] of named) assert.ok(families.includes(family));
  });
}

function family(name: string, type: MetricFamily["type"]): MetricFamily {
  return { name, help: "", type, metrics: [] };
}
