import { isInstance, ScrapeTimeoutError } from "../errors.ts";
import { createListJoiner } from "../model/identity.ts";
import type { Labels, MetricFamily, SummaryMetric, ValueMetric } from "../model/metric-family.ts";
import { CollectorHealth } from "./collector-health.ts";
import type { StatusCode } from "./exchange.ts";

/** The stages of a scrape that may fail, in the words of Go's promhttp. */
export type ErrorStage = "gathering" | "encoding";

/** What may happen to a scrape, beside its status code. */
type ScrapeEvent = "shared" | "shed" | "timed_out" | "aborted" | "oversized" | "page";

/** What the scrapes of a handler count. */
export interface ScrapeCounts {
  readonly requests: Record<StatusCode, number>;
  readonly errors: Record<ErrorStage | "timeout", number>;
  readonly events: Record<ScrapeEvent, number>;
  /** How many scrapes are being served. */
  inFlight: number;
}

/** The metrics of the scrapes themselves, beginning with those of Go's promhttp. */
export class SelfMetrics implements ScrapeCounts {
  readonly requests: ScrapeCounts["requests"];
  readonly errors: ScrapeCounts["errors"];
  readonly events: ScrapeCounts["events"];
  readonly gathering: Duration = { count: 0, sumMs: 0 };
  readonly encoding: Duration = { count: 0, sumMs: 0 };
  readonly collectors: CollectorHealth = new CollectorHealth();
  inFlight = 0;

  /** The bytes sent, by format and content encoding. */
  readonly #bytes = new Map<string, ByteCount>();
  readonly #families: readonly MetricFamily[];
  readonly #further: (() => readonly MetricFamily[]) | undefined;
  readonly #join = createListJoiner<MetricFamily>();
  readonly #joinFurther = createListJoiner<MetricFamily>();

  /**
   * @param connections Returns how many connections are open; absent where that is unknown.
   * @param further Returns what else is counted where the scrapes come in.
   */
  constructor(connections?: () => number, further?: () => readonly MetricFamily[]) {
    this.#further = further;
    ({ requests: this.requests, errors: this.errors, events: this.events } = noCounts());
    this.#families = [
      counter(
        "promhttp_metric_handler_requests_total",
        "Scrapes by HTTP status code.",
        labelled("code", this.requests),
      ),
      gauge(
        "promhttp_metric_handler_requests_in_flight",
        "Scrapes being served.",
        () => this.inFlight,
      ),
      counter(
        "promhttp_metric_handler_errors_total",
        "Errors by cause: failed scrapes, and metrics that were left out.",
        labelled("cause", this.errors),
      ),
      counter(
        "promhttp_scrape_events_total",
        "What happened to scrapes beside their answer.",
        labelled("event", this.events),
      ),
      duration("promhttp_gather_duration_seconds", "Time that collectors took.", this.gathering),
      duration("promhttp_encode_duration_seconds", "Time that encoding took.", this.encoding),
      counter("promhttp_response_bytes_total", "Bytes of bodies by format and content encoding.", {
        [Symbol.iterator]: () => this.#bytes.values(),
      }),
      ...(connections
        ? [gauge("promhttp_connections_open", "Open connections.", connections)]
        : []),
    ];
  }

  /**
   * The families; the same list at every scrape, with the values of the moment.
   *
   * @param picked The sources that a scrape picks, which has the health of no others; absent for all.
   */
  families(picked?: ReadonlySet<string>): readonly MetricFamily[] {
    const families = this.#join(this.#families, this.collectors.families(picked));
    return this.#further === undefined ? families : this.#joinFurther(families, this.#further());
  }

  /** Counts an error of a collector, the hook or an update. */
  gatheringFailed(error: unknown): void {
    this.errors[isInstance(error, ScrapeTimeoutError) ? "timeout" : "gathering"]++;
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

/**
 * Makes the counts of scrapes for a page. They are within every limit of the handler, but what becomes
 * of them is not counted: people that look must not look like a scraper that fails.
 */
export function countsOfPage(handler: ScrapeCounts): ScrapeCounts {
  return {
    ...noCounts(),
    get inFlight() {
      return handler.inFlight;
    },
    set inFlight(inFlight) {
      handler.inFlight = inFlight;
    },
  };
}

/**
 * All label values are there from the start: a series that appears with its first error hides that
 * error from `rate()`.
 */
function noCounts(): Pick<ScrapeCounts, "requests" | "errors" | "events"> {
  return {
    requests: { 200: 0, 400: 0, 500: 0, 503: 0 },
    errors: { gathering: 0, encoding: 0, timeout: 0 },
    events: { shared: 0, shed: 0, timed_out: 0, aborted: 0, oversized: 0, page: 0 },
  };
}

/** How often something was done, and how long it took altogether. */
export interface Duration {
  count: number;
  sumMs: number;
}

interface ByteCount extends ValueMetric {
  value: number;
}

/** Makes the family of a counter. */
export function counter(name: string, help: string, metrics: Iterable<ValueMetric>): MetricFamily {
  return { name, help, type: "counter", metrics };
}

/** Makes the family of a gauge that has one value, which is read when it is served. */
export function gauge(name: string, help: string, read: () => number): MetricFamily {
  const metrics = [new LiveValue(name, {}, read)];
  return { name, help, type: "gauge", metrics };
}

/** A summary without quantiles: its sum and its count give the average over any period. */
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
  return { name, help, type: "summary", metrics: [metric] };
}

/** Makes the metrics of counts that have one label; they are read when they are served. */
export function labelled<Name extends string | number>(
  label: string,
  counts: Readonly<Record<Name, number>>,
): ValueMetric[] {
  // The keys of an object are strings, even where its type has numbers.
  const names = Object.keys(counts) as (Name & string)[];
  return names.map((name) => new LiveValue(name, { [label]: name }, () => counts[name]));
}

/** What the application has declared: whether its metrics can be trusted, and whether it is ready. */
export class Status {
  isFailing = false;
  isReady = true;
  /** The metric of the status; none without a name. */
  readonly families: readonly MetricFamily[];

  /**
   * @param name The part of the metric's name before `_up`. A bare `up` would clash with the
   *   series that Prometheus writes for every target.
   */
  constructor(name: string | undefined) {
    const help = "Whether the application has declared that its metrics are in order.";
    this.families =
      name === undefined ? [] : [gauge(`${name}_up`, help, () => (this.isFailing ? 0 : 1))];
  }
}

/** A value that is computed when it is read, so that its metric stays the same object. */
class LiveValue implements ValueMetric {
  readonly identity: string;
  readonly labels: Labels;
  readonly #read: () => number;

  /** @param identity Different from the others of its family. */
  constructor(identity: string, labels: Labels, read: () => number) {
    this.identity = identity;
    this.labels = labels;
    this.#read = read;
  }

  get value(): number {
    return this.#read();
  }
}
