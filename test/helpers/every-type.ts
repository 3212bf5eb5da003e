import type { MetricFamily } from "../../src/model/metric-family.ts";

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
