import type { MetricFamily, ValueMetric } from "../../src/index.ts";

// The sample families of all tests: a small one, one of each type, and long ones.

/** A family of one gauge without labels, `up 1`. */
export const UP_FAMILY: MetricFamily = {
  name: "up",
  help: "",
  type: "gauge",
  metrics: [{ labels: {}, value: 1 }],
};

/** What `UP_FAMILY` is as text. */
export const UP_TEXT = "# TYPE up gauge\nup 1\n";

/** Makes a gauge called `g`. */
export function gaugeOf(metrics: Iterable<ValueMetric>, name = "g"): MetricFamily {
  return { name, help: "", type: "gauge", metrics };
}

const KILOBYTE = "x".repeat(1_000);

/** How long a family is, and what happens while it is read. */
export interface LongFamilyOptions {
  /** @default "long" */
  readonly name?: string;
  /** How many metrics it has, asked anew for each reading. */
  readonly count: number | (() => number);
  /** Gives the label value that makes a metric as long as it is. */
  readonly paddingOf?: (index: number) => string;
  /** Gives the value of a metric just before it is read; what it throws comes out of the iterator. */
  readonly valueAt?: (index: number) => number;
  /** Called when a reading ends before its last metric. */
  readonly onStop?: () => void;
}

/** Makes a gauge whose metrics, each about 1 KB of text, are made while they are read. */
export function longFamily({
  name = "long",
  count,
  paddingOf = () => KILOBYTE,
  valueAt = (index) => index,
  onStop = () => {},
}: LongFamilyOptions): MetricFamily {
  function* metrics(): Generator<ValueMetric> {
    const end = typeof count === "number" ? count : count();
    let isStopped = true;
    try {
      for (let index = 0; index < end; index++) {
        yield { labels: { index, padding: paddingOf(index) }, value: valueAt(index) };
      }
      isStopped = false;
    } finally {
      if (isStopped) onStop();
    }
  }
  return gaugeOf({ [Symbol.iterator]: metrics }, name);
}

/** Makes a gauge of 400 KB, whose body has several chunks; `value` is asked for at each metric. */
export function largeGauge(value: () => number, name = "large"): MetricFamily {
  return longFamily({ name, count: 4_000, paddingOf: () => "x".repeat(80), valueAt: value });
}

/** One family of each type, with everything that any format can show of it. */
export const EVERY_TYPE: readonly MetricFamily[] = [
  {
    name: "requests_total",
    help: 'Requests,\nby "path" \\ code.',
    type: "counter",
    metrics: [
      {
        labels: { path: "/", code: 200 },
        value: 1027,
        exemplar: { labels: { trace_id: "KOO5" }, value: 1, timestampMs: 1520879607789 },
      },
      { labels: {}, value: 3, timestampMs: 1395066363000, startTimestampMs: 1395066000000 },
    ],
  },
  {
    name: "temperature_celsius",
    help: "",
    unit: "celsius",
    type: "gauge",
    metrics: [{ labels: { room: 'a "b"' }, value: -3.5 }],
  },
  { name: "mystery", help: "Who knows.", type: "unknown", metrics: [{ labels: {}, value: 7 }] },
  {
    name: "build_info",
    help: "What runs.",
    type: "info",
    metrics: [{ labels: { version: "1.2" }, value: 1 }],
  },
  {
    name: "state",
    help: "",
    type: "stateset",
    metrics: [
      { labels: { state: "on" }, value: 1 },
      { labels: { state: "off" }, value: 0 },
    ],
  },
  {
    name: "latency_seconds",
    help: "How long it took.",
    unit: "seconds",
    type: "histogram",
    metrics: [
      {
        labels: { path: "/" },
        count: 4,
        sum: 7.25,
        upperBounds: [0.00001, 1, 1_000_000],
        cumulativeCounts: [0, 2, 3],
        exemplars: [
          null,
          { labels: { trace_id: "a" }, value: 0.5, timestampMs: 1520879607789 },
          { labels: { trace_id: "b" }, value: 0.5 },
          { labels: {}, value: 2e6 },
        ],
      },
      { labels: {}, count: 0, sum: 0, upperBounds: [], cumulativeCounts: [], timestampMs: 1500 },
    ],
  },
  {
    name: "queue_age",
    help: "",
    type: "gaugehistogram",
    metrics: [
      {
        labels: {},
        count: 2,
        sum: -5,
        upperBounds: [-1],
        cumulativeCounts: [2],
        exemplars: [{ labels: {}, value: -2 }],
      },
    ],
  },
  {
    name: "size_bytes",
    help: "",
    type: "summary",
    metrics: [
      { labels: { a: "b" }, count: 2, sum: 5, quantiles: [0, 0.5, 1], quantileValues: [1, 2, 4] },
      { labels: {}, count: 0, sum: 0, quantiles: [], quantileValues: [], timestampMs: 1500 },
    ],
  },
];
