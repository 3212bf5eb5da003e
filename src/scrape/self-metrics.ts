import type { MetricFamily, ValueMetric } from "../model/metric-family.ts";

/** The stages of a scrape that may fail, in the words of Go's promhttp. */
export type ErrorStage = "gathering" | "encoding";

/** The status codes that a scrape is answered with. */
export type StatusCode = 200 | 400 | 500 | 503;

/** What the server says of itself, under the names of Go's promhttp. */
export class SelfMetrics {
  inFlight = 0;
  // All label values are there from the start: a series that appears with its first error hides
  // that error from `rate()`.
  readonly requests: Record<StatusCode, number> = { 200: 0, 400: 0, 500: 0, 503: 0 };
  readonly errors: Record<ErrorStage | "timeout", number> = {
    gathering: 0,
    encoding: 0,
    timeout: 0,
  };

  /** The families; the same objects at every scrape, with the values of the moment. */
  readonly families: readonly MetricFamily[] = [
    {
      name: "promhttp_metric_handler_requests_total",
      help: "Total number of scrapes by HTTP status code.",
      type: "counter",
      metrics: liveMetrics(() => this.requests, "code"),
    },
    {
      name: "promhttp_metric_handler_requests_in_flight",
      help: "Current number of scrapes being served.",
      type: "gauge",
      metrics: { [Symbol.iterator]: () => [{ labels: {}, value: this.inFlight }].values() },
    },
    {
      name: "promhttp_metric_handler_errors_total",
      help: "Total number of internal errors encountered by the metric handler.",
      type: "counter",
      metrics: liveMetrics(() => this.errors, "cause"),
    },
  ];
}

function liveMetrics(
  counts: () => Readonly<Record<string, number>>,
  label: string,
): Iterable<ValueMetric> {
  return {
    *[Symbol.iterator]() {
      for (const [name, value] of Object.entries(counts())) {
        yield { identity: name, labels: { [label]: name }, value };
      }
    },
  };
}
