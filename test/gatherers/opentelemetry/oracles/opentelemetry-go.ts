/**
 * What OpenTelemetry's Go exporter serves: the instruments of `exporter_test.go` and the bodies of
 * `testdata/` in github.com/open-telemetry/opentelemetry-go, exporters/prometheus (Apache-2.0), as tables.
 *
 * Left out are labels with an empty value, which the exporter writes for the scope and which mean the same
 * as none, and two bodies of features that only Go has, the bridge and a meter without a name.
 */
import type {
  Attributes,
  ScopeMetrics,
} from "../../../../src/gatherers/opentelemetry/collected.ts";
import type { MappingOptions } from "../../../../src/gatherers/opentelemetry/mapping-options.ts";
import {
  counter,
  exponentialHistogram,
  gauge,
  histogram,
  type Instrument,
  upDownCounter,
} from "./collections.ts";

/** One body, and what it is made of. */
export interface GoBody {
  /** The file, without its extension. */
  readonly name: string;
  readonly options?: MappingOptions;
  readonly resource?: Attributes;
  readonly scopes: readonly ScopeMetrics[];
  readonly body: string;
}

const RESOURCE = {
  "service.name": "prometheus_test",
  "telemetry.sdk.language": "go",
  "telemetry.sdk.name": "opentelemetry",
  "telemetry.sdk.version": "latest",
};

const RESOURCE_LABELS = Object.entries(RESOURCE).map(([key, value]) => `"${key}"="${value}"`);
const ESCAPED_LABELS = RESOURCE_LABELS.map((label) => label.replace(/^"(.*?)"/, escapeName));

function escapeName(_: string, name: string): string {
  return name.replaceAll(".", "_");
}

const INFO = "# HELP target_info Target metadata\n# TYPE target_info gauge\n";
const TARGET = `${INFO}target_info{${ESCAPED_LABELS.join(",")}} 1\n`;
const UTF8_TARGET = `${INFO}target_info{${RESOURCE_LABELS.join(",")}} 1\n`;

const LETTERS = { A: "B", C: "D", E: true, F: 42 };
const OTHER_LETTERS = { A: "D", C: "B", E: true, F: 42 };
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

const DEFAULT_BOUNDARIES = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
];
const VIEW_BOUNDARIES = [0, 5, 10, 25, 50, 75, 100, 250, 500, 1_000];

const UTF8 = { translationStrategy: "NoUTF8EscapingWithSuffixes" } as const;

function inTestScope(...metrics: ScopeMetrics["metrics"]): ScopeMetrics[] {
  return [{ scope: TEST_SCOPE, metrics }];
}

function inScopes(...all: [name: string, ...metrics: ScopeMetrics["metrics"]][]): ScopeMetrics[] {
  return all.map(([name, ...metrics]) => ({ scope: { name, version: "v0.1.0" }, metrics }));
}

function scopeLabels(name: string): string {
  return `otel_scope_name="${name}",otel_scope_version="v0.1.0"`;
}

function family(name: string, type: string, help: string, ...samples: string[]): string {
  const written = /^[a-z_]+$/.test(name) ? name : `"${name}"`;
  return [`# HELP ${written} ${help}`, `# TYPE ${written} ${type}`, ...samples, ""].join("\n");
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

/** The samples of a histogram; what is given of a bucket is how many observations it and those below have. */
function buckets(
  name: string,
  labels: string,
  cumulative: readonly (readonly [bound: number, count: number])[],
  sum: number,
  count: number,
): string[] {
  const sample = (suffix: string, all: string, value: number) =>
    name.includes(".")
      ? `{"${name}${suffix}",${all}} ${value}`
      : `${name}${suffix}{${all}} ${value}`;
  return [
    ...cumulative.map(([bound, value]) => sample("_bucket", `${labels},le="${bound}"`, value)),
    sample("_bucket", `${labels},le="+Inf"`, count),
    sample("_sum", labels, sum),
    sample("_count", labels, count),
  ];
}

/** Buckets at the default boundaries of a single observation of 100. */
function bucketsOf100(name: string, scope: string): string[] {
  const cumulative = DEFAULT_BOUNDARIES.map((bound) => [bound, bound < 100 ? 0 : 1] as const);
  return buckets(name, `A="B",${scopeLabels(scope)}`, cumulative, 100, 1);
}

const AB = { A: "B" };
const BAR = { type: "bar" };

const hundred = {
  counter: (instrument: Instrument, of: Attributes) => counter(instrument, [[of, 100]]),
  upDownCounter: (instrument: Instrument, of: Attributes) => upDownCounter(instrument, [[of, 100]]),
  histogram: (instrument: Instrument, of: Attributes) =>
    histogram(instrument, DEFAULT_BOUNDARIES, [[of, [100]]]),
};

/** Two scopes with one name, in the order of `help`; in either order the first help is served. */
function helpConflict(
  kind: keyof typeof hundred,
  order: readonly ["a", "b"] | readonly ["b", "a"],
): ScopeMetrics[] {
  const of = kind === "histogram" ? AB : BAR;
  return inScopes(
    ...order.map((letter): [string, ...ScopeMetrics["metrics"]] => [
      `m${letter}`,
      hundred[kind]({ name: "bar", unit: "By", description: `meter ${letter} bar` }, of),
    ]),
  );
}

function bothScopes(name: string, labels: string): string[] {
  return ["ma", "mb"].map((scope) => `${name}{${labels},${scopeLabels(scope)}} 100`);
}

const UNIT_CONFLICT = { name: "bar", description: "meter bar" };
const TYPE_CONFLICT = [
  hundred.counter({ name: "foo", unit: "By", description: "meter foo" }, { type: "foo" }),
  hundred.upDownCounter(
    { name: "foo_total", unit: "By", description: "meter foo" },
    { type: "foo" },
  ),
] as const;
const OTHER_TYPE_CONFLICT = [
  hundred.upDownCounter({ name: "foo", unit: "By", description: "meter gauge foo" }, AB),
  hundred.histogram({ name: "foo", unit: "By", description: "meter histogram foo" }, AB),
] as const;

/** The bodies. */
export const BODIES: readonly GoBody[] = [
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
    scopes: inTestScope(counter({ ...SIMPLE, unit: "ms" }, [[LETTERS, 24.3]])),
    body:
      family(
        "foo_milliseconds",
        "counter",
        "a simple counter",
        `foo_milliseconds{${LETTER_LABELS}} 24.3`,
      ) + TARGET,
  },
  {
    name: "gauge",
    scopes: inTestScope(
      gauge({ name: "bar", unit: "1", description: "a fun little gauge" }, [[{ A: "B" }, 0.75]]),
    ),
    body:
      family("bar_ratio", "gauge", "a fun little gauge", `bar_ratio{A="B",${TEST_LABELS}} .75`) +
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
  {
    name: "multi_scopes",
    scopes: inScopes(
      [
        "meterfoo",
        counter({ name: "foo", unit: "s", description: "meter foo counter" }, [
          [{ type: "foo" }, 100],
        ]),
      ],
      [
        "meterbar",
        counter({ name: "bar", unit: "s", description: "meter bar counter" }, [[BAR, 200]]),
      ],
    ),
    body:
      family(
        "bar_seconds_total",
        "counter",
        "meter bar counter",
        `bar_seconds_total{type="bar",${scopeLabels("meterbar")}} 200`,
      ) +
      family(
        "foo_seconds_total",
        "counter",
        "meter foo counter",
        `foo_seconds_total{type="foo",${scopeLabels("meterfoo")}} 100`,
      ) +
      TARGET,
  },
  { name: "just_target_info", scopes: [], body: TARGET },
  {
    name: "no_conflict_two_counters",
    scopes: inScopes(
      ["ma", hundred.counter({ name: "foo", unit: "By", description: "meter counter foo" }, AB)],
      ["mb", hundred.counter({ name: "foo", unit: "By", description: "meter counter foo" }, AB)],
    ),
    body:
      family(
        "foo_bytes_total",
        "counter",
        "meter counter foo",
        ...bothScopes("foo_bytes_total", 'A="B"'),
      ) + TARGET,
  },
  {
    name: "no_conflict_two_updowncounters",
    scopes: inScopes(
      [
        "ma",
        hundred.upDownCounter({ name: "foo", unit: "By", description: "meter gauge foo" }, AB),
      ],
      [
        "mb",
        hundred.upDownCounter({ name: "foo", unit: "By", description: "meter gauge foo" }, AB),
      ],
    ),
    body:
      family("foo_bytes", "gauge", "meter gauge foo", ...bothScopes("foo_bytes", 'A="B"')) + TARGET,
  },
  {
    name: "no_conflict_two_histograms",
    scopes: inScopes(
      [
        "ma",
        hundred.histogram({ name: "foo", unit: "By", description: "meter histogram foo" }, AB),
      ],
      [
        "mb",
        hundred.histogram({ name: "foo", unit: "By", description: "meter histogram foo" }, AB),
      ],
    ),
    body:
      family(
        "foo_bytes",
        "histogram",
        "meter histogram foo",
        ...bucketsOf100("foo_bytes", "ma"),
        ...bucketsOf100("foo_bytes", "mb"),
      ) + TARGET,
  },
  ...(["a", "b"] as const).flatMap((first): GoBody[] => {
    const order = first === "a" ? (["a", "b"] as const) : (["b", "a"] as const);
    const number = first === "a" ? 1 : 2;
    const help = `meter ${first} bar`;
    return [
      {
        name: `conflict_help_two_counters_${number}`,
        scopes: helpConflict("counter", order),
        body:
          family(
            "bar_bytes_total",
            "counter",
            help,
            ...bothScopes("bar_bytes_total", 'type="bar"'),
          ) + TARGET,
      },
      {
        name: `conflict_help_two_updowncounters_${number}`,
        scopes: helpConflict("upDownCounter", order),
        body: family("bar_bytes", "gauge", help, ...bothScopes("bar_bytes", 'type="bar"')) + TARGET,
      },
      {
        name: `conflict_help_two_histograms_${number}`,
        scopes: helpConflict("histogram", order),
        body:
          family(
            "bar_bytes",
            "histogram",
            help,
            ...bucketsOf100("bar_bytes", "ma"),
            ...bucketsOf100("bar_bytes", "mb"),
          ) + TARGET,
      },
    ];
  }),
  {
    name: "conflict_unit_two_counters",
    options: { unitSuffixes: false },
    scopes: inScopes(
      ["ma", hundred.counter({ ...UNIT_CONFLICT, unit: "By" }, BAR)],
      ["mb", hundred.counter({ ...UNIT_CONFLICT, unit: "s" }, BAR)],
    ),
    body:
      family("bar_total", "counter", "meter bar", ...bothScopes("bar_total", 'type="bar"')) +
      TARGET,
  },
  {
    name: "conflict_unit_two_updowncounters",
    options: { unitSuffixes: false },
    scopes: inScopes(
      ["ma", hundred.upDownCounter({ ...UNIT_CONFLICT, unit: "By" }, BAR)],
      ["mb", hundred.upDownCounter({ ...UNIT_CONFLICT, unit: "s" }, BAR)],
    ),
    body: family("bar", "gauge", "meter bar", ...bothScopes("bar", 'type="bar"')) + TARGET,
  },
  {
    name: "conflict_unit_two_histograms",
    options: { unitSuffixes: false },
    scopes: inScopes(
      ["ma", hundred.histogram({ ...UNIT_CONFLICT, unit: "By" }, AB)],
      ["mb", hundred.histogram({ ...UNIT_CONFLICT, unit: "s" }, AB)],
    ),
    body:
      family(
        "bar",
        "histogram",
        "meter bar",
        ...bucketsOf100("bar", "ma"),
        ...bucketsOf100("bar", "mb"),
      ) + TARGET,
  },
  {
    name: "conflict_type_counter_and_updowncounter_1",
    options: { unitSuffixes: false },
    scopes: inScopes(["ma", ...TYPE_CONFLICT]),
    body:
      family(
        "foo_total",
        "counter",
        "meter foo",
        `foo_total{type="foo",${scopeLabels("ma")}} 100`,
      ) + TARGET,
  },
  {
    name: "conflict_type_counter_and_updowncounter_2",
    options: { unitSuffixes: false },
    scopes: inScopes(["ma", ...TYPE_CONFLICT.toReversed()]),
    body:
      family("foo_total", "gauge", "meter foo", `foo_total{type="foo",${scopeLabels("ma")}} 100`) +
      TARGET,
  },
  {
    name: "conflict_type_histogram_and_updowncounter_1",
    scopes: inScopes(["ma", ...OTHER_TYPE_CONFLICT]),
    body:
      family("foo_bytes", "gauge", "meter gauge foo", `foo_bytes{A="B",${scopeLabels("ma")}} 100`) +
      TARGET,
  },
  {
    name: "conflict_type_histogram_and_updowncounter_2",
    scopes: inScopes(["ma", ...OTHER_TYPE_CONFLICT.toReversed()]),
    body:
      family("foo_bytes", "histogram", "meter histogram foo", ...bucketsOf100("foo_bytes", "ma")) +
      TARGET,
  },
];
