import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type EscapingScheme,
  escapeLabelName,
  escapeMetricName,
  isLegacyLabelName,
  isLegacyMetricName,
} from "../../src/model/names.ts";
import { codePoints } from "../helpers/code-points.ts";

const ESCAPING_SCHEMES: readonly EscapingScheme[] = ["underscores", "dots", "values"];

const LEGACY_CASES: readonly { name: string; metric: boolean; label: boolean }[] = [
  { name: "a", metric: true, label: true },
  { name: "_", metric: true, label: true },
  { name: "aB_9", metric: true, label: true },
  { name: "a:b", metric: true, label: false },
  { name: ":", metric: true, label: false },
  { name: "", metric: false, label: false },
  { name: "9a", metric: false, label: false },
  { name: "a.b", metric: false, label: false },
  { name: "a\n", metric: false, label: false },
  { name: "é", metric: false, label: false },
];

for (const { name, metric, label } of LEGACY_CASES) {
  test(`isLegacyMetricName() is ${metric} for ${JSON.stringify(name)}`, () => {
    assert.equal(isLegacyMetricName(name), metric);
  });
  test(`isLegacyLabelName() is ${label} for ${JSON.stringify(name)}`, () => {
    assert.equal(isLegacyLabelName(name), label);
  });
}

interface EscapeCase {
  readonly name: string;
  readonly underscores: string;
  readonly dots: string;
  readonly values: string;
}

// The vectors of `TestEscapeName` in prometheus/common, except that a legacy name stays as it is.
const METRIC_CASES: readonly EscapeCase[] = [
  {
    name: "mysystem.prod.cpu_total",
    underscores: "mysystem_prod_cpu_total",
    dots: "mysystem_dot_prod_dot_cpu__total",
    values: "U__mysystem_2e_prod_2e_cpu__total",
  },
  {
    name: "label with 😱",
    underscores: "label_with__",
    dots: "label__with____",
    values: "U__label_20_with_20__1f631_",
  },
  { name: "花火", underscores: "__", dots: "____", values: "U___82b1__706b_" },
  {
    name: "no:escaping_required",
    underscores: "no:escaping_required",
    dots: "no:escaping_required",
    values: "no:escaping_required",
  },
  {
    name: "http.status:sum",
    underscores: "http_status:sum",
    dots: "http_dot_status:sum",
    values: "U__http_2e_status:sum",
  },
  { name: "1a2", underscores: "_a2", dots: "__a2", values: "U___31_a2" },
  { name: "\ud800", underscores: "_", dots: "__", values: "U___fffd_" },
  { name: "a\udfff", underscores: "a_", dots: "a__", values: "U__a_fffd_" },
];

const LABEL_CASES: readonly EscapeCase[] = [
  { name: "path", underscores: "path", dots: "path", values: "path" },
  { name: "a:b", underscores: "a_b", dots: "a__b", values: "U__a_3a_b" },
  {
    name: "http.status",
    underscores: "http_status",
    dots: "http_dot_status",
    values: "U__http_2e_status",
  },
];

for (const scheme of ["underscores", "dots", "values"] as const) {
  for (const { name, [scheme]: expected } of METRIC_CASES) {
    test(`escapeMetricName() turns ${JSON.stringify(name)} into ${expected} by ${scheme}`, () => {
      assert.equal(escapeMetricName(name, scheme), expected);
    });
  }
  for (const { name, [scheme]: expected } of LABEL_CASES) {
    test(`escapeLabelName() turns ${name} into ${expected} by ${scheme}`, () => {
      assert.equal(escapeLabelName(name, scheme), expected);
    });
  }
}

test("escapeMetricName() and escapeLabelName() keep UTF-8 for a scraper that reads it", () => {
  for (const name of ["my.metric", "花火", "a:b", "label with 😱", "😱\n"]) {
    assert.equal(escapeMetricName(name, "allow-utf-8"), name);
    assert.equal(escapeLabelName(name, "allow-utf-8"), name);
  }
});

test("escapeMetricName() and escapeLabelName() keep no NUL, which ends an exposition", () => {
  assert.equal(escapeMetricName("a.b:c\0", "allow-utf-8"), "a_b:c_");
  assert.equal(escapeLabelName("a.b:c\0", "allow-utf-8"), "a_b_c_");
  assert.equal(escapeMetricName("\0", "allow-utf-8"), "_");
  assert.equal(escapeLabelName("\0", "dots"), "__");
});

test("escapeMetricName() and escapeLabelName() see lone surrogates as they are sent", () => {
  for (const name of ["a\ud800", "a\udfff", "a\ufffd"]) {
    assert.equal(escapeMetricName(name, "allow-utf-8"), "a\ufffd");
    assert.equal(escapeLabelName(name, "allow-utf-8"), "a\ufffd");
  }
});

test("escapeMetricName() and escapeLabelName() return legacy names for any name", () => {
  const names = fc.string({ unit: codePoints, minLength: 1 });
  fc.assert(
    fc.property(names, fc.constantFrom(...ESCAPING_SCHEMES), (name, scheme) => {
      assert.ok(isLegacyMetricName(escapeMetricName(name, scheme)));
      assert.ok(isLegacyLabelName(escapeLabelName(name, scheme)));
    }),
  );
});
