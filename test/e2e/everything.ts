import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
  Summary,
} from "prom-client";
import type { Gatherer } from "../../src/model/gatherer.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { DISTRIBUTIONS } from "./distributions.ts";

/** What the judges are shown: everything that this package can serve. */
export interface Everything {
  /** An ordinary registry, with label values of every kind and 10,000 series of one gauge. */
  readonly registry: Registry;
  /** A registry with exemplars, which prom-client allows only in its OpenMetrics mode. */
  readonly exemplarRegistry: OpenMetricsRegistry;
  /** What no client library has, as a gatherer gives it. */
  readonly families: readonly MetricFamily[];
  readonly sources: readonly [Registry, OpenMetricsRegistry, Gatherer];
}

type OpenMetricsRegistry = Registry<OpenMetricsContentType>;

/** How many series the largest family has. */
export const MANY = 10_000;

/** When the dated samples were taken: recent, for Prometheus drops what is older than its head. */
export const DATED_MS: number = Date.now() - 10_007;

/** The trace ids of the exemplars in `exemplarRegistry`, by the series that they belong to. */
export const TRACE_IDS = {
  e2e_traced_total: "4bf92f3577b34da6",
  e2e_traced_seconds_bucket: "00f067aa0ba902b7",
} as const;

/** Makes all of it, with values that never change. */
export function createEverything(): Everything {
  const registry = createRegistry();
  const exemplarRegistry = createExemplarRegistry();
  const families = [...VALUES, ...DISTRIBUTIONS];
  const gatherer: Gatherer = { gather: () => ({ families }) };
  return { registry, exemplarRegistry, families, sources: [registry, exemplarRegistry, gatherer] };
}

const ODD_VALUES: readonly string[] = [
  "",
  " ",
  'say "hi"',
  "C:\\dir\\",
  "line\nfeed",
  "no line\\nfeed",
  'all of it: \\"\n\\\\n\\',
  "carriage\r\nreturn\ttab",
  "next\u0085line\u2028separator",
  "nul\0",
  'x="1",y="2"',
  '} 1 # {trace_id="a"} 1',
  "# EOF\n",
  "+Inf",
  "Grüße",
  "漢字",
  "😀 four bytes 𝒳",
  "lone \ud83d surrogate",
  "long ".repeat(2_000),
  "😀".repeat(1_000),
];

function createRegistry(): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ app: "e2e 😀" });
  const registers = [registry];

  const total = new Counter({
    name: "e2e_odd_total",
    help: 'Odd "values",\nwith a \\ and a 😀.',
    labelNames: ["value"],
    registers,
  });
  for (const [index, value] of ODD_VALUES.entries()) total.inc({ value }, index + 0.5);

  const gauge = new Gauge({ name: "e2e_number", help: " ", labelNames: ["number"], registers });
  for (const number of NUMBERS) gauge.set({ number: `${number}` }, number);

  const buckets = [0, 0.00001, 0.1, 1, 2.5, 1_000_000, 123_456_789];
  const histogram = new Histogram({
    name: "e2e_size_bytes",
    help: "Sizes.",
    labelNames: ["value"],
    buckets,
    registers,
  });
  for (const value of ODD_VALUES) histogram.observe({ value }, value.length);

  const summary = new Summary({
    name: "e2e_wait_seconds",
    help: "Waits.",
    labelNames: ["value"],
    percentiles: [0.01, 0.5, 0.999, 1],
    registers,
  });
  for (const value of ODD_VALUES) summary.observe({ value }, value.length / 7);

  const many = new Gauge({ name: "e2e_many", help: "Many.", labelNames: ["a", "b"], registers });
  for (let index = 0; index < MANY; index++) many.set({ a: `${index}`, b: "" }, index / 3);
  return registry;
}

const NUMBERS: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -1,
  0.1 + 0.2,
  Number.MAX_SAFE_INTEGER,
  1e21,
  -1e-7,
];

function createExemplarRegistry(): OpenMetricsRegistry {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const options = { help: "Traced.", enableExemplars: true, registers: [registry] };
  const total = new Counter({ ...options, name: "e2e_traced_total" });
  total.inc({ value: 3, exemplarLabels: { trace_id: TRACE_IDS.e2e_traced_total } });
  // OpenMetrics has no counter of such a name, and allows no exemplar then.
  const untotalled = new Counter({ ...options, name: "e2e_untotalled" });
  untotalled.inc({ value: 4, exemplarLabels: { trace_id: "untotalled" } });
  const histogram = new Histogram({ ...options, name: "e2e_traced_seconds", buckets: [1, 2] });
  const exemplarLabels = { trace_id: TRACE_IDS.e2e_traced_seconds_bucket };
  histogram.observe({ value: 1.5, exemplarLabels });
  histogram.observe({ value: 5 });
  return registry;
}

/** The families of plain numbers that no client library has. */
const VALUES: readonly MetricFamily[] = [
  {
    name: "höhe.über.meer 🏔",
    help: "The name of this family is no name of old.",
    type: "gauge",
    metrics: [
      { labels: { "mount.name": "K2", "1st": "no", höhe: "yes" }, value: 8611 },
      { labels: { "mount.name": "😀" }, value: 8848.86 },
    ],
  },
  { name: "e2e_helpless", help: "", type: "gauge", metrics: [{ labels: {}, value: 1 }] },
  { name: "e2e_empty", help: "It has no metrics.", type: "gauge", metrics: [] },
  {
    name: "e2e_distance_meters",
    help: "It has a unit.",
    unit: "meters",
    type: "gauge",
    metrics: [{ labels: { count: 1, isNew: true, nothing: null }, value: -0.25 }],
  },
  { name: "e2e_mystery", help: "", type: "unknown", metrics: [{ labels: {}, value: 7 }] },
  {
    name: "e2e_mystery_total",
    help: "OpenMetrics has no room for a counter called e2e_mystery.",
    type: "counter",
    metrics: [{ labels: {}, value: 8 }],
  },
  {
    name: "e2e_build_info",
    help: "What runs.",
    type: "info",
    metrics: [{ labels: { version: '1.2 "😀"' }, value: 1 }],
  },
  {
    name: "e2e_state",
    help: "OpenMetrics names the label after the family.",
    type: "stateset",
    metrics: [
      { labels: { e2e_state: "on" }, value: 1 },
      { labels: { e2e_state: "off" }, value: 0 },
    ],
  },
  {
    name: "e2e_dated",
    help: "",
    type: "gauge",
    metrics: [{ labels: {}, value: 5, timestampMs: DATED_MS }],
  },
  {
    name: "e2e_dated_jobs_total",
    help: "",
    type: "counter",
    metrics: [
      {
        labels: {},
        value: 6,
        timestampMs: DATED_MS,
        startTimestampMs: DATED_MS - 1_000,
        exemplar: { labels: { trace_id: "dated" }, value: 1, timestampMs: DATED_MS },
      },
    ],
  },
];
