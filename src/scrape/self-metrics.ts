import { createListJoiner } from "../model/identity.ts";
import type { MetricFamily, SummaryMetric, ValueMetric } from "../model/metric-family.ts";
import { CollectorHealth } from "./collector-health.ts";
import type { StatusCode } from "./exchange.ts";
import { LiveValue } from "./live-value.ts";

/** The stages of a scrape that may fail, in the words of Go's promhttp. */
export type ErrorStage = "gathering" | "encoding";

/** What may happen to a scrape beside its answer. */
export type ScrapeEvent = "shared" | "shed" | "timed_out" | "aborted" | "oversized";

/** What the server says of itself, beginning with the metrics of Go's promhttp. */
export class SelfMetrics {
  // All label values are there from the start: a series that appears with its first error hides
  // that error from `rate()`.
  readonly requests: Record<StatusCode, number> = { 200: 0, 400: 0, 500: 0, 503: 0 };
  readonly errors: Record<ErrorStage | "timeout", number> = {
    gathering: 0,
    encoding: 0,
    timeout: 0,
  };
  readonly events: Record<ScrapeEvent, number> = {
    shared: 0,
    shed: 0,
    timed_out: 0,
    aborted: 0,
    oversized: 0,
  };
  readonly gathering: Duration = { count: 0, sumMs: 0 };
  readonly encoding: Duration = { count: 0, sumMs: 0 };
  readonly collectors: CollectorHealth = new CollectorHealth();
  inFlight = 0;

  /** The bytes sent, by format and content encoding. */
  readonly #bytes = new Map<string, ByteCount>();
  readonly #families: readonly MetricFamily[];
  readonly #join = createListJoiner<MetricFamily>();

  /** @param connections Tells how many connections are open; absent where nobody knows. */
  constructor(connections?: () => number) {
    this.#families = [
      counter(
        "metric_handler_requests_total",
        "Scrapes by HTTP status code.",
        labelled("code", this.requests),
      ),
      gauge("metric_handler_requests_in_flight", "Scrapes being served.", () => this.inFlight),
      counter(
        "metric_handler_errors_total",
        "Errors by cause: failed scrapes, and metrics that were left out.",
        labelled("cause", this.errors),
      ),
      counter(
        "scrape_events_total",
        "What happened to scrapes beside their answer.",
        labelled("event", this.events),
      ),
      duration("gather_duration_seconds", "Time that collectors took.", this.gathering),
      duration("encode_duration_seconds", "Time that encoding took.", this.encoding),
      counter("response_bytes_total", "Bytes of bodies by format and content encoding.", {
        [Symbol.iterator]: () => this.#bytes.values(),
      }),
      ...(connections ? [gauge("connections_open", "Open connections.", connections)] : []),
    ];
  }

  /** The families; the same list at every scrape, with the values of the moment. */
  families(): readonly MetricFamily[] {
    return this.#join(this.#families, this.collectors.families());
  }

  /** Counts bytes of a body. */
  sent(bytes: number, format: string, encoding: string): void {
    const key = `${format} ${encoding}`;
    let count = this.#bytes.get(key);
    if (count === undefined) {
      count = { identity: key, labels: { format, encoding }, value: 0 };
      this.#bytes.set(key, count);
    }
    count.value += bytes;
  }
}

/** How often something was done, and how long it took altogether. */
export interface Duration {
  count: number;
  sumMs: number;
}

interface ByteCount extends ValueMetric {
  value: number;
}

function counter(name: string, help: string, metrics: Iterable<ValueMetric>): MetricFamily {
  return { name: `promhttp_${name}`, help, type: "counter", metrics };
}

function gauge(name: string, help: string, read: () => number): MetricFamily {
  const metrics = [new LiveValue(name, {}, read)];
  return { name: `promhttp_${name}`, help, type: "gauge", metrics };
}

/** A summary without quantiles: its sum and its count give the average over any time. */
function duration(name: string, help: string, total: Readonly<Duration>): MetricFamily {
  const metric: SummaryMetric = {
    identity: name,
    labels: {},
    quantiles: [],
    quantileValues: [],
    get count() {
      return total.count;
    },
    get sum() {
      return total.sumMs / 1_000;
    },
  };
  return { name: `promhttp_${name}`, help, type: "summary", metrics: [metric] };
}

function labelled<Name extends string | number>(
  label: string,
  counts: Readonly<Record<Name, number>>,
): ValueMetric[] {
  // The keys of an object are strings, also where its type says that they are numbers.
  const names = Object.keys(counts) as (Name & string)[];
  return names.map((name) => new LiveValue(name, { [label]: name }, () => counts[name]));
}
