import type { Exemplar, HistogramFamily, MetricFamily } from "../../src/model/metric-family.ts";

/** The trace id of the native histogram's exemplar. */
export const NATIVE_TRACE_ID = "a3ce929d0e0e4736";

/** What client_golang takes by default, and the reason why a histogram without buckets is native. */
const ZERO_THRESHOLD = 2 ** -128;

const EXEMPLAR: Exemplar = {
  labels: { trace_id: NATIVE_TRACE_ID },
  value: 1.5,
  timestampMs: Date.now() - 5_000,
};

/** Histograms of every kind whose buckets are exponential too. */
const NATIVE_HISTOGRAMS: readonly HistogramFamily[] = [
  {
    name: "e2e_native",
    help: "Whole counts, with classic buckets beside.",
    type: "histogram",
    metrics: [
      {
        labels: { kind: "whole 😀" },
        count: 11,
        sum: 17.5,
        upperBounds: [1, 2],
        cumulativeCounts: [4, 7],
        exemplars: [null, EXEMPLAR],
        startTimestampMs: EXEMPLAR.timestampMs,
        native: {
          schema: 0,
          zeroThreshold: ZERO_THRESHOLD,
          zeroCount: 1,
          positiveSpans: [{ offset: 0, length: 3 }],
          positiveCounts: [2, 3, 4],
          negativeSpans: [{ offset: -2, length: 1 }],
          negativeCounts: [1],
          exemplars: [EXEMPLAR],
        },
      },
      {
        labels: { kind: "empty" },
        count: 0,
        sum: 0,
        upperBounds: [],
        cumulativeCounts: [],
        native: {
          schema: 3,
          zeroThreshold: ZERO_THRESHOLD,
          zeroCount: 0,
          positiveSpans: [],
          positiveCounts: [],
        },
      },
    ],
  },
  {
    name: "e2e_native_gauge",
    help: "Fractions, and a gap between the spans.",
    type: "gaugehistogram",
    metrics: [
      {
        labels: { kind: "fractions" },
        count: 4,
        sum: 100,
        upperBounds: [],
        cumulativeCounts: [],
        native: {
          schema: -1,
          zeroThreshold: 0.5,
          zeroCount: 0.5,
          positiveSpans: [
            { offset: 1, length: 1 },
            { offset: 1, length: 1 },
          ],
          positiveCounts: [2.5, 1],
        },
      },
    ],
  },
  // It is native, too, because Prometheus 2.42 leaves the suffixes of a classic gauge histogram away
  // when it reads protobuf: `getMagicName()` of its parser forgets the type.
  {
    name: "e2e_age_seconds",
    help: "",
    unit: "seconds",
    type: "gaugehistogram",
    metrics: [
      {
        labels: { queue: "mail" },
        count: 5,
        sum: -2.5,
        upperBounds: [-1, 0.5],
        cumulativeCounts: [1, 3],
        native: {
          schema: 0,
          zeroThreshold: 0.5,
          zeroCount: 2,
          positiveSpans: [{ offset: 0, length: 1 }],
          positiveCounts: [2],
          negativeSpans: [{ offset: 3, length: 1 }],
          negativeCounts: [1],
        },
      },
    ],
  },
];

/** The families of histograms and summaries that no client library has. */
export const DISTRIBUTIONS: readonly MetricFamily[] = [
  ...NATIVE_HISTOGRAMS,
  {
    name: "e2e_idle_seconds",
    help: "Nothing was observed.",
    type: "summary",
    metrics: [
      {
        labels: {},
        count: 0,
        sum: 0,
        quantiles: [0.5],
        quantileValues: [Number.NaN],
      },
    ],
  },
];

/** What OpenMetrics forbids, but a registry may hold. */
export const UNLAWFUL: readonly MetricFamily[] = [
  {
    name: "e2e_backwards_total",
    help: "",
    type: "counter",
    metrics: [
      { labels: { value: "negative" }, value: -1 },
      { labels: { value: "NaN" }, value: Number.NaN },
    ],
  },
  { name: "e2e_of_two_info", help: "", type: "info", metrics: [{ labels: { a: "b" }, value: 2 }] },
  {
    name: "e2e_stateless",
    help: "",
    type: "stateset",
    metrics: [{ labels: { state: "on" }, value: 0.5 }],
  },
  {
    name: "e2e_balance",
    help: "Negative buckets with a sum.",
    type: "histogram",
    metrics: [
      { labels: {}, count: 3, sum: -3, upperBounds: [-1, 0], cumulativeCounts: [1, 2] },
      { labels: { sum: "none" }, count: 1, sum: Number.NaN, upperBounds: [], cumulativeCounts: [] },
    ],
  },
  {
    name: "e2e_fractions",
    help: "",
    type: "histogram",
    metrics: [{ labels: {}, count: 2.5, sum: 3, upperBounds: [1], cumulativeCounts: [1.5] }],
  },
  {
    name: "e2e_loss",
    help: "",
    type: "summary",
    metrics: [{ labels: {}, count: 1, sum: -3, quantiles: [0.5], quantileValues: [-3] }],
  },
];
