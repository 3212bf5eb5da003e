import * as platformatic from "@platformatic/prom-client";
import * as successor from "@prometheus-io/client";
import * as promClient15 from "prom-client";
import * as promClient13 from "prom-client-13";
import * as promClient14 from "prom-client-14";

/** What the tests use of a registry; all libraries have it. */
export interface LibraryRegistry {
  getMetricsAsArray(): unknown;
  getMetricsAsJSON(): unknown;
  readonly contentType: string;
  metrics(): string | Promise<string>;
  registerMetric(metric: object): void;
  setDefaultLabels(labels: object): void;
  setContentType(contentType: string): void;
  resetMetrics(): void;
  removeSingleMetric(name: string): void;
  clear(): void;
}

/** What the tests use of a metric; which methods it has depends on its type. */
export interface LibraryMetric {
  name: string;
  help: string;
  inc(labels?: unknown, value?: number): void;
  set(labels: unknown, value?: number): void;
  observe(labels: unknown, value?: number): void;
  remove(...labels: unknown[]): void;
  /** Of histograms from version 14 on. */
  zero?(labels: unknown): void;
  reset(): void;
  get(): unknown;
}

/** The configuration of a metric; wider than the libraries' own types, as JavaScript is. */
export interface LibraryConfig {
  readonly name: string;
  readonly help: unknown;
  readonly labelNames?: readonly string[];
  readonly registers?: readonly LibraryRegistry[];
  readonly buckets?: readonly number[];
  readonly percentiles?: readonly number[];
  readonly enableExemplars?: boolean;
  readonly maxAgeSeconds?: number;
  readonly ageBuckets?: number;
  readonly pruneAgedBuckets?: boolean;
  readonly aggregator?: unknown;
  readonly collect?: (this: LibraryMetric) => unknown;
}

type MetricClass = new (config: LibraryConfig) => LibraryMetric;

/** A client library, in the form that all of them share. */
export interface ClientLibrary {
  /** The name and the version, for the name of a test. */
  readonly name: string;
  /** The major version for prom-client; `undefined` for its successors. */
  readonly major: number | undefined;
  readonly Registry: new (contentType?: string) => LibraryRegistry;
  readonly Counter: MetricClass;
  readonly Gauge: MetricClass;
  readonly Histogram: MetricClass;
  readonly Summary: MetricClass;
  readonly AggregatorRegistry: {
    new (): object;
    aggregate(registries: readonly unknown[]): LibraryRegistry;
  };
}

/** Every library that a registry may come from. */
export const LIBRARIES: readonly ClientLibrary[] = [
  library("prom-client 13", 13, promClient13),
  library("prom-client 14", 14, promClient14),
  library("prom-client 15", 15, promClient15),
  library("@prometheus-io/client 0.16", undefined, successor),
  library("@platformatic/prom-client 1", undefined, platformatic),
];

/** The libraries that know exemplars, and therefore OpenMetrics. */
export const EXEMPLAR_LIBRARIES: readonly ClientLibrary[] = LIBRARIES.filter(
  ({ major }) => major === undefined || major >= 15,
);

/** The content type that makes a registry accept exemplars. */
export const OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

// Their types differ in generics and in what they forget; what the tests call is in all of them.
function library(name: string, major: number | undefined, module: unknown): ClientLibrary {
  return { ...(module as ClientLibrary), name, major };
}
