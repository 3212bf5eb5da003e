/**
 * What OpenTelemetry's Java exporter makes of whole metrics: more cases of `Otel2PrometheusConverterTest` in
 * github.com/open-telemetry/opentelemetry-java (Apache-2.0), as bodies.
 */
import {
  type Attributes,
  type MetricData,
  type ScopeMetrics,
  TEMPORALITY,
} from "../../../../src/gatherers/opentelemetry/collected.ts";
import { type Body, buckets, family } from "./bodies.ts";
import {
  counter,
  exponentialHistogram,
  gauge,
  histogram,
  type Instrument,
  upDownCounter,
} from "./collections.ts";

/** The attributes of the resource, where a body has no others. */
export const RESOURCE: Attributes = { "service.name": "java" };

const INFO = "# HELP target_info Target metadata\n# TYPE target_info gauge\n";
const TARGET = `${INFO}target_info{service_name="java"} 1\n`;

const SCOPE = {
  name: "scope",
  version: "version",
  schemaUrl: "schemaUrl",
  attributes: { foo: "bar" },
};
const SCOPE_LABELS =
  'otel_scope_foo="bar",otel_scope_name="scope",otel_scope_schema_url="schemaUrl",otel_scope_version="version"';

const SAMPLE = { name: "sample", unit: "1", description: "description" };
const MY_METRIC = { name: "my.metric", unit: "units", description: "description" };

const HOST = { host: "localhost", cluster: "mycluster" };
const HOST_TARGET = `${INFO}target_info{host="localhost",cluster="mycluster"} 1\n`;
const FOO = { foo1: "bar1", foo2: "bar2" };
const FOO_LABELS = `cluster="mycluster",foo1="bar1",foo2="bar2",${SCOPE_LABELS}`;

const ADDED = {
  options: { resourceConstantLabels: { included: ["clu*"] } },
  resource: HOST,
} as const;

function inScope(...metrics: MetricData[]): ScopeMetrics[] {
  return [{ scope: SCOPE, metrics }];
}

function delta(metric: MetricData): MetricData {
  return { ...metric, aggregationTemporality: TEMPORALITY.delta };
}

function exponential(instrument: Instrument, scale: number): MetricData {
  const positive = { offset: 2, bucketCounts: [1, 2] };
  const value = { count: 6, sum: 10, scale, zeroCount: 0, positive, negative: positive };
  return exponentialHistogram(instrument, [[{}, value]]);
}

/** The bodies. */
export const BODIES: readonly Body[] = [
  {
    name: "attributes of the resource on a counter",
    ...ADDED,
    scopes: inScope(counter(MY_METRIC, [[FOO, 1]])),
    body:
      family(
        "my_metric_units_total",
        "counter",
        "description",
        `my_metric_units_total{${FOO_LABELS}} 1`,
      ) + HOST_TARGET,
  },
  {
    name: "attributes of the resource on a gauge",
    ...ADDED,
    scopes: inScope(gauge(MY_METRIC, [[FOO, 1]])),
    body:
      family("my_metric_units", "gauge", "description", `my_metric_units{${FOO_LABELS}} 1`) +
      HOST_TARGET,
  },
  {
    name: "attributes of the resource on a histogram",
    ...ADDED,
    scopes: inScope(histogram(MY_METRIC, [1], [[FOO, [2]]])),
    body:
      family(
        "my_metric_units",
        "histogram",
        "description",
        ...buckets("my_metric_units", FOO_LABELS, [[1, 0]], 2, 1),
      ) + HOST_TARGET,
  },
  {
    name: "an attribute that is the resource's, too",
    ...ADDED,
    scopes: inScope(counter(MY_METRIC, [[{ cluster: "mycluster2", foo2: "bar2" }, 1]])),
    body:
      family(
        "my_metric_units_total",
        "counter",
        "description",
        `my_metric_units_total{cluster="mycluster2",foo2="bar2",${SCOPE_LABELS}} 1`,
      ) + HOST_TARGET,
  },
  {
    name: "no attributes but the resource's",
    ...ADDED,
    scopes: inScope(counter(MY_METRIC, [[{}, 1]])),
    body:
      family(
        "my_metric_units_total",
        "counter",
        "description",
        `my_metric_units_total{cluster="mycluster",${SCOPE_LABELS}} 1`,
      ) + HOST_TARGET,
  },
  {
    name: "two names that become one",
    scopes: inScope(
      counter(MY_METRIC, [[{ key: "a" }, 1]]),
      counter({ ...MY_METRIC, name: "my_metric" }, [[{ key: "b" }, 1]]),
    ),
    body:
      family(
        "my_metric_units_total",
        "counter",
        "description",
        `my_metric_units_total{key="a",${SCOPE_LABELS}} 1`,
        `my_metric_units_total{key="b",${SCOPE_LABELS}} 1`,
      ) + TARGET,
  },
  {
    name: "two histograms of one name",
    scopes: inScope(
      histogram(SAMPLE, [1], [[{ id: "a" }, [2]]]),
      histogram(SAMPLE, [1], [[{ id: "b" }, [2]]]),
    ),
    body:
      family(
        "sample",
        "histogram",
        "description",
        ...buckets("sample", `id="a",${SCOPE_LABELS}`, [[1, 0]], 2, 1),
        ...buckets("sample", `id="b",${SCOPE_LABELS}`, [[1, 0]], 2, 1),
      ) + TARGET,
  },
  {
    name: "a sum that is not monotonic",
    scopes: inScope(upDownCounter(SAMPLE, [[{}, 1]])),
    body: family("sample", "gauge", "description", `sample{${SCOPE_LABELS}} 1`) + TARGET,
  },
  { name: "a delta sum", scopes: inScope(delta(counter(SAMPLE, [[{}, 1]]))), body: "" },
  {
    name: "a delta histogram",
    scopes: inScope(delta(histogram(SAMPLE, [1], [[{}, [2]]]))),
    body: "",
  },
  {
    name: "a delta exponential histogram",
    scopes: inScope(delta(exponential(SAMPLE, 5))),
    body: "",
  },
  {
    name: "an exponential histogram that is too coarse",
    scopes: inScope(exponential(SAMPLE, -5)),
    body: "",
  },
  { name: "nothing", resource: {}, scopes: [], body: "" },
];
