// An exporter from scratch, without a client library: a native histogram under a UTF-8 name.
import { Server } from "promhttp";

/** Eight buckets for each power of two: every bound is 9 % above the one before. */
const SCHEMA = 3;
const ZERO_THRESHOLD = 2 ** -128;

class NativeHistogram {
  count = 0;
  sum = 0;
  zeroCount = 0;
  /** @type {Map<number, number>} */
  buckets = new Map();

  /** @param {number} value Zero or more. */
  observe(value) {
    this.count++;
    this.sum += value;
    const index = Math.ceil(Math.log2(value) * 2 ** SCHEMA);
    if (value <= ZERO_THRESHOLD) this.zeroCount++;
    else this.buckets.set(index, (this.buckets.get(index) ?? 0) + 1);
  }

  /** The buckets in ascending order, each as a span with its distance from the end of the last. */
  native() {
    const buckets = [...this.buckets].sort(([a], [b]) => a - b);
    let end = 0;
    const positiveSpans = buckets.map(([index]) => {
      const offset = index - end;
      end = index + 1;
      return { offset, length: 1 };
    });
    const positiveCounts = buckets.map(([, count]) => count);
    const { zeroCount } = this;
    return {
      schema: SCHEMA,
      zeroThreshold: ZERO_THRESHOLD,
      zeroCount,
      positiveSpans,
      positiveCounts,
    };
  }
}

const duration = new NativeHistogram();
for (const seconds of [0.021, 0.022, 0.3, 7.5]) duration.observe(seconds);

/** @type {import("promhttp").Gatherer} */
const gatherer = {
  gather: () => ({
    families: [
      {
        name: "http.server.request.duration",
        help: "Time to answer a request, in seconds.",
        type: "histogram",
        metrics: [
          {
            labels: { "http.route": "/" },
            count: duration.count,
            sum: duration.sum,
            // A scraper that reads no protobuf gets these: here only `+Inf`.
            upperBounds: [],
            cumulativeCounts: [],
            native: duration.native(), // schema, zero bucket, spans and counts
          },
        ],
      },
    ],
  }),
};

const server = await Server.listen(gatherer, ":9464");
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
