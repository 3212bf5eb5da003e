import assert from "node:assert/strict";
import { test } from "node:test";
import type { TranslationStrategy } from "../../../../src/gatherers/opentelemetry/mapping-options.ts";
import {
  type InstrumentKind,
  translateName,
  translationOf,
} from "../../../../src/gatherers/opentelemetry/naming/metric-name.ts";

const STRATEGIES: readonly TranslationStrategy[] = [
  "UnderscoreEscapingWithSuffixes",
  "UnderscoreEscapingWithoutSuffixes",
  "NoUTF8EscapingWithSuffixes",
  "NoTranslation",
];

interface NameCase {
  readonly name: string;
  readonly unit?: string;
  readonly kind?: InstrumentKind;
  /** The names by the four strategies, in the order above; "" where nothing is left. */
  readonly names: readonly [string, string, string, string];
  /** The unit by the two strategies with suffixes, first and third. */
  readonly units?: readonly [string, string];
}

const NAMES: readonly NameCase[] = [
  {
    name: "foo.bar",
    unit: "By",
    kind: "counter",
    names: ["foo_bar_bytes_total", "foo_bar", "foo.bar_bytes_total", "foo.bar"],
    units: ["bytes", "bytes"],
  },
  {
    name: "errors_total",
    unit: "By",
    kind: "counter",
    names: ["errors_bytes_total", "errors_total", "errors_bytes_total", "errors_total"],
    units: ["bytes", "bytes"],
  },
  {
    name: "http.requests.total",
    kind: "counter",
    names: [
      "http_requests_total",
      "http_requests_total",
      "http.requests_total",
      "http.requests.total",
    ],
  },
  {
    name: "a.seconds",
    unit: "s",
    names: ["a_seconds", "a_seconds", "a.seconds", "a.seconds"],
    units: ["seconds", "seconds"],
  },
  { name: "seconds", unit: "s", names: ["seconds", "seconds", "seconds", "seconds"] },
  {
    name: "x_milliseconds",
    unit: "s",
    names: ["x_milliseconds_seconds", "x_milliseconds", "x_milliseconds_seconds", "x_milliseconds"],
    units: ["seconds", "seconds"],
  },
  {
    name: "cpu",
    unit: "1",
    kind: "gauge",
    names: ["cpu_ratio", "cpu", "cpu_ratio", "cpu"],
    units: ["ratio", "ratio"],
  },
  { name: "cpu", unit: "1", kind: "counter", names: ["cpu_total", "cpu", "cpu_total", "cpu"] },
  { name: "cpu", unit: "1", names: ["cpu", "cpu", "cpu", "cpu"] },
  {
    name: "foo.",
    unit: "s",
    kind: "gauge",
    names: ["foo_seconds", "foo_", "foo._seconds", "foo."],
    units: ["seconds", "seconds"],
  },
  {
    name: "foo_total.",
    kind: "counter",
    names: ["foo_total_total", "foo_total_", "foo_total._total", "foo_total."],
  },
  { name: "total", kind: "counter", names: ["total_total", "total", "total_total", "total"] },
  {
    name: "a.total.b",
    kind: "counter",
    names: ["a_total_b_total", "a_total_b", "a.total.b_total", "a.total.b"],
  },
  { name: "1x", names: ["_1x", "_1x", "1x", "1x"] },
  { name: "a::b", names: ["a::b", "a::b", "a::b", "a::b"] },
  { name: "a__b", names: ["a_b", "a_b", "a__b", "a__b"] },
  { name: "a..é😀b", names: ["a_b", "a_b", "a..é😀b", "a..é😀b"] },
  { name: "μ", kind: "counter", names: ["", "", "μ_total", "μ"] },
  { name: "_", names: ["_", "_", "_", "_"] },
  { name: "__", names: ["_", "_", "__", "__"] },
  { name: "", kind: "counter", names: ["", "", "", ""] },
];

for (const { name, unit = "", kind = "other", names, units } of NAMES) {
  test(`translateName() translates the ${kind} ${JSON.stringify(name)} in ${unit || "nothing"}`, () => {
    const translated = STRATEGIES.map((strategy) =>
      translateName(name, unit, kind, translationOf(strategy, true, "")),
    );
    assert.deepEqual(
      translated.map((it) => it?.name ?? ""),
      names,
    );
    const [first = "", third = ""] = units ?? [];
    assert.deepEqual(
      translated.map((it) => it?.unit ?? ""),
      [first, "", third, ""],
    );
  });
}

test("translateName() puts the prefix before the name, and escapes both", () => {
  const names = STRATEGIES.map(
    (strategy) => translateName("x", "", "gauge", translationOf(strategy, true, "1.my-app"))?.name,
  );
  assert.deepEqual(names, ["_1_my_app_x", "_1_my_app_x", "1.my-app_x", "1.my-app_x"]);
});

test("translateName() without units leaves units out, whatever the strategy", () => {
  const names = STRATEGIES.map((strategy) =>
    translateName("a.b", "1", "gauge", translationOf(strategy, false, "")),
  );
  assert.deepEqual(
    names,
    ["a_b", "a_b", "a.b", "a.b"].map((name) => ({ name, unit: "" })),
  );
});

/** What the exporter prints, version 0.223 and 0.301 alike; `gauge` stands for all but counters. */
const EXPORTED: readonly {
  readonly name: string;
  readonly prefix?: string;
  readonly gauge: string | undefined;
  readonly counter: string | undefined;
}[] = [
  { name: "foo.bar", gauge: "foo_bar", counter: "foo_bar_total" },
  { name: "foo.", gauge: "foo_", counter: "foo__total" },
  { name: "foo_total.", gauge: "foo_total_", counter: "foo_total__total" },
  { name: "foo.total", gauge: "foo_total", counter: "foo_total" },
  { name: "total", gauge: "total", counter: "total_total" },
  { name: "a.total.b", gauge: "a_total_b", counter: "a_total_b_total" },
  { name: "a::b", gauge: "a_b", counter: "a_b_total" },
  { name: "1x", gauge: "_1x", counter: "_1x_total" },
  { name: "a\nb\\c", gauge: "a_nb_c", counter: "a_nb_c_total" },
  { name: "μ", gauge: undefined, counter: undefined },
  { name: "_", gauge: undefined, counter: undefined },
  { name: "", gauge: undefined, counter: undefined },
  { name: "", prefix: "p", gauge: "p_", counter: "p__total" },
  { name: "μ", prefix: "p", gauge: "p__", counter: "p___total" },
  { name: "x", prefix: "my__app_", gauge: "my__app__x", counter: "my__app__x_total" },
  { name: "x", prefix: "a:b", gauge: "a:b_x", counter: "a:b_x_total" },
  { name: "x", prefix: "1a", gauge: "_1a_x", counter: "_1a_x_total" },
  // The exporter's body is not valid here.
  { name: "x", prefix: "my.app", gauge: "my_app_x", counter: "my_app_x_total" },
];

for (const { name, prefix = "", gauge, counter } of EXPORTED) {
  test(`translateName() without units calls ${JSON.stringify([prefix, name])} ${gauge}`, () => {
    const translation = translationOf("UnderscoreEscapingWithSuffixes", false, prefix);
    assert.equal(translateName(name, "s", "gauge", translation)?.name, gauge);
    assert.equal(translateName(name, "s", "other", translation)?.name, gauge);
    assert.equal(translateName(name, "s", "counter", translation)?.name, counter);
  });
}
