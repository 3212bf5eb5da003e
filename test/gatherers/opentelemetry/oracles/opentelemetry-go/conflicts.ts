import type {
  Attributes,
  ScopeMetrics,
} from "../../../../../src/gatherers/opentelemetry/collected.ts";
import { type Body, buckets, family } from "../bodies.ts";
import { counter, histogram, type Instrument, upDownCounter } from "../collections.ts";
import { DEFAULT_BOUNDARIES, TARGET } from "./resource.ts";

function inScopes(...all: [name: string, ...metrics: ScopeMetrics["metrics"]][]): ScopeMetrics[] {
  return all.map(([name, ...metrics]) => ({ scope: { name, version: "v0.1.0" }, metrics }));
}

function scopeLabels(name: string): string {
  return `otel_scope_name="${name}",otel_scope_version="v0.1.0"`;
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

/** Bodies of two scopes, and of names that two instruments have. */
export const CONFLICTS: readonly Body[] = [
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
  ...(["a", "b"] as const).flatMap((first): Body[] => {
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
