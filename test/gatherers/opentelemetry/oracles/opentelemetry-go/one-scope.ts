import type { ScopeMetrics } from "../../../../../src/gatherers/opentelemetry/collected.ts";
import { type Body, buckets, family } from "../bodies.ts";
import { counter, exponentialHistogram, gauge, histogram, upDownCounter } from "../collections.ts";
import {
  DEFAULT_BOUNDARIES,
  ESCAPED_LABELS,
  INFO,
  RESOURCE,
  TARGET,
  UTF8_TARGET,
} from "./resource.ts";

const LETTERS = { A: "B", C: "D", E: true, F: 42 };
const OTHER_LETTERS = { A: "D", C: "B", E: true, F: 42 };
const AB = { A: "B" };
const SIMPLE = { name: "foo", description: "a simple counter" };
const TWO = [
  [LETTERS, 24.3],
  [OTHER_LETTERS, 5],
] as const;

const TEST_SCOPE = { name: "testmeter", version: "v0.1.0", attributes: { fizz: "buzz" } };
const TEST_LABELS =
  'otel_scope_fizz="buzz",otel_scope_name="testmeter",otel_scope_version="v0.1.0"';
const LETTER_LABELS = `A="B",C="D",E="true",F="42",${TEST_LABELS}`;
const OTHER_LABELS = `A="D",C="B",E="true",F="42",${TEST_LABELS}`;

const VIEW_BOUNDARIES = [0, 5, 10, 25, 50, 75, 100, 250, 500, 1_000];

const UTF8 = { translationStrategy: "NoUTF8EscapingWithSuffixes" } as const;

function inTestScope(...metrics: ScopeMetrics["metrics"]): ScopeMetrics[] {
  return [{ scope: TEST_SCOPE, metrics }];
}

function simple(name: string): string {
  return family(
    name,
    "counter",
    "a simple counter",
    `${name}{${LETTER_LABELS}} 24.3`,
    `${name}{${OTHER_LABELS}} 5`,
  );
}

/** Bodies of one scope, or none. */
export const ONE_SCOPE: readonly Body[] = [
  {
    name: "counter",
    scopes: inTestScope(counter({ ...SIMPLE, unit: "s" }, TWO)),
    body: simple("foo_seconds_total") + TARGET,
  },
  {
    name: "counter, of a name with a total",
    scopes: inTestScope(counter({ ...SIMPLE, name: "foo.total", unit: "s" }, TWO)),
    body: simple("foo_seconds_total") + TARGET,
  },
  {
    name: "counter_noutf8_with_unit_suffix",
    scopes: inTestScope(counter({ ...SIMPLE, name: "foo.seconds", unit: "s" }, TWO)),
    body: simple("foo_seconds_total") + TARGET,
  },
  {
    name: "counter_with_unit_suffix",
    options: UTF8,
    scopes: inTestScope(counter({ ...SIMPLE, name: "foo.seconds", unit: "s" }, TWO)),
    body:
      family(
        "foo.seconds_total",
        "counter",
        "a simple counter",
        `{"foo.seconds_total",${LETTER_LABELS}} 24.3`,
        `{"foo.seconds_total",${OTHER_LABELS}} 5`,
      ) + UTF8_TARGET,
  },
  {
    name: "counter_with_custom_unit_suffix",
    scopes: inTestScope(counter({ ...SIMPLE, unit: "madeup" }, TWO)),
    body: simple("foo_madeup_total") + TARGET,
  },
  {
    name: "counter_no_unit",
    scopes: inTestScope(counter({ ...SIMPLE, unit: "{spans}" }, TWO)),
    body: simple("foo_total") + TARGET,
  },
  {
    name: "counter_disabled_suffix",
    scopes: inTestScope(counter({ ...SIMPLE, unit: "ms" }, [[AB, 24.3]])),
    body:
      family(
        "foo_milliseconds",
        "counter",
        "a simple counter",
        `foo_milliseconds{A="B",${TEST_LABELS}} 24.3`,
      ) + TARGET,
  },
  {
    name: "gauge",
    scopes: inTestScope(
      gauge({ name: "bar", unit: "1", description: "a fun little gauge" }, [[AB, 0.75]]),
    ),
    body:
      family("bar_ratio", "gauge", "a fun little gauge", `bar_ratio{A="B",${TEST_LABELS}} 0.75`) +
      TARGET,
  },
  {
    name: "exponential_histogram",
    // Otherwise it has classic buckets, too.
    options: { exponentialHistograms: "native" },
    scopes: inTestScope(
      exponentialHistogram(
        {
          name: "exponential_histogram_baz",
          unit: "By",
          description: "a very nice histogram",
        },
        [
          [
            { A: "B", C: "D" },
            {
              count: 4,
              sum: 236,
              scale: 0,
              zeroCount: 0,
              positive: { offset: 2, bucketCounts: [1, 0, 1, 0, 2] },
              negative: { offset: 0, bucketCounts: [] },
            },
          ],
        ],
      ),
    ),
    body:
      family(
        "exponential_histogram_baz_bytes",
        "histogram",
        "a very nice histogram",
        ...buckets("exponential_histogram_baz_bytes", `A="B",C="D",${TEST_LABELS}`, [], 236, 4),
      ) + TARGET,
  },
  {
    name: "histogram",
    scopes: inTestScope(
      histogram(
        { name: "histogram_baz", unit: "By", description: "a very nice histogram" },
        VIEW_BOUNDARIES,
        [[{ A: "B", C: "D" }, [23, 7, 101, 105]]],
      ),
    ),
    body:
      family(
        "histogram_baz_bytes",
        "histogram",
        "a very nice histogram",
        ...buckets(
          "histogram_baz_bytes",
          `A="B",C="D",${TEST_LABELS}`,
          VIEW_BOUNDARIES.map((bound, index) => [bound, [0, 0, 1, 2, 2, 2, 2][index] ?? 4]),
          236,
          4,
        ),
      ) + TARGET,
  },
  {
    name: "sanitized_labels",
    options: { unitSuffixes: false },
    scopes: inTestScope(
      counter({ name: "foo", unit: "By", description: "a sanitary counter" }, [
        [{ "A.B": "Q", "C.D": "Y", "C/D": "Z" }, 24.3],
      ]),
    ),
    body:
      family(
        "foo_total",
        "counter",
        "a sanitary counter",
        `foo_total{A_B="Q",C_D="Y;Z",${TEST_LABELS}} 24.3`,
      ) + TARGET,
  },
  {
    name: "sanitized_names",
    options: UTF8,
    scopes: inTestScope(
      upDownCounter({ name: "bar", description: "a fun little gauge" }, [[AB, 75]]),
      upDownCounter({ name: "invalid.gauge.name", description: "a gauge with an invalid name" }, [
        [AB, 100],
      ]),
      counter({ name: "0invalid.counter.name", description: "a counter with an invalid name" }, [
        [AB, 100],
      ]),
      histogram(
        { name: "invalid.hist.name", description: "a histogram with an invalid name" },
        DEFAULT_BOUNDARIES,
        [[AB, [23]]],
      ),
    ),
    body:
      family("bar", "gauge", "a fun little gauge", `bar{A="B",${TEST_LABELS}} 75`) +
      family(
        "0invalid.counter.name_total",
        "counter",
        "a counter with an invalid name",
        `{"0invalid.counter.name_total",A="B",${TEST_LABELS}} 100`,
      ) +
      family(
        "invalid.gauge.name",
        "gauge",
        "a gauge with an invalid name",
        `{"invalid.gauge.name",A="B",${TEST_LABELS}} 100`,
      ) +
      family(
        "invalid.hist.name",
        "histogram",
        "a histogram with an invalid name",
        ...buckets(
          "invalid.hist.name",
          `A="B",${TEST_LABELS}`,
          DEFAULT_BOUNDARIES.map((bound) => [bound, bound < 23 ? 0 : 1]),
          23,
          1,
        ),
      ) +
      UTF8_TARGET,
  },
  {
    name: "empty_resource",
    resource: {},
    scopes: inTestScope(counter(SIMPLE, TWO)),
    body: `${simple("foo_total")}${INFO}target_info 1\n`,
  },
  {
    name: "custom_resource",
    resource: { A: "B", C: "D", ...RESOURCE },
    scopes: inTestScope(counter(SIMPLE, TWO)),
    body: `${simple("foo_total")}${INFO}target_info{A="B",C="D",${ESCAPED_LABELS.join(",")}} 1\n`,
  },
  {
    name: "without_target_info",
    options: { targetInfoEnabled: false },
    scopes: inTestScope(counter(SIMPLE, TWO)),
    body: simple("foo_total"),
  },
  {
    name: "without_scope_info",
    options: { scopeInfoEnabled: false },
    scopes: inTestScope(
      upDownCounter({ name: "bar", unit: "1", description: "a fun little gauge" }, [[AB, 1]]),
    ),
    body: family("bar", "gauge", "a fun little gauge", 'bar{A="B"} 1') + TARGET,
  },
  {
    name: "without_scope_and_target_info",
    options: { scopeInfoEnabled: false, targetInfoEnabled: false },
    scopes: inTestScope(
      counter({ name: "bar", unit: "By", description: "a fun little counter" }, [[AB, 3]]),
    ),
    body: family("bar_bytes_total", "counter", "a fun little counter", 'bar_bytes_total{A="B"} 3'),
  },
  {
    name: "with_namespace",
    options: { prefix: "test" },
    scopes: inTestScope(counter(SIMPLE, TWO)),
    body: simple("test_foo_total") + TARGET,
  },
  {
    name: "with_resource_attributes_filter",
    options: { resourceConstantLabels: () => true },
    scopes: inTestScope(counter(SIMPLE, [[LETTERS, 24.9]])),
    body:
      family(
        "foo_total",
        "counter",
        "a simple counter",
        `foo_total{${LETTER_LABELS},${ESCAPED_LABELS.join(",")}} 24.9`,
      ) + TARGET,
  },
  {
    name: "with_allow_resource_attributes_filter",
    options: { resourceConstantLabels: { included: ["service.name"] } },
    scopes: inTestScope(counter(SIMPLE, [[LETTERS, 16.2]])),
    body:
      family(
        "foo_total",
        "counter",
        "a simple counter",
        `foo_total{${LETTER_LABELS},service_name="prometheus_test"} 16.2`,
      ) + TARGET,
  },
  {
    name: "counter_utf8",
    options: UTF8,
    scopes: inTestScope(
      counter({ ...SIMPLE, name: "foo.things", unit: "s" }, [[{ "A.G": "B", "E.I": true }, 24.3]]),
    ),
    body:
      family(
        "foo.things_seconds_total",
        "counter",
        "a simple counter",
        `{"foo.things_seconds_total","A.G"="B","E.I"="true",${TEST_LABELS}} 24.3`,
      ) + UTF8_TARGET,
  },
  {
    name: "counter_utf8_notranslation",
    options: { translationStrategy: "NoTranslation" },
    scopes: inTestScope(
      counter({ ...SIMPLE, name: "foo.things", unit: "s" }, [[{ "A.G": "B", "E.I": true }, 24.3]]),
    ),
    body:
      family(
        "foo.things",
        "counter",
        "a simple counter",
        `{"foo.things","A.G"="B","E.I"="true",${TEST_LABELS}} 24.3`,
      ) + UTF8_TARGET,
  },
  {
    name: "non_monotonic_sum_does_not_add_exemplars",
    scopes: inTestScope(
      upDownCounter({ name: "foo", unit: "s", description: "a simple up down counter" }, [
        [LETTERS, 23.3],
        [OTHER_LETTERS, 5],
      ]),
    ),
    body:
      family(
        "foo_seconds",
        "gauge",
        "a simple up down counter",
        `foo_seconds{${LETTER_LABELS}} 23.3`,
        `foo_seconds{${OTHER_LABELS}} 5`,
      ) + TARGET,
  },
  { name: "just_target_info", scopes: [], body: TARGET },
];
