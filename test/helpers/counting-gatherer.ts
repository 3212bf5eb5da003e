import type { Gatherer, MetricFamily } from "../../src/index.ts";

/** A family of one gauge without labels, `up 1`. */
export const UP_FAMILY: MetricFamily = {
  name: "up",
  help: "",
  type: "gauge",
  metrics: [{ labels: {}, value: 1 }],
};

/** What `UP_FAMILY` is as text. */
export const UP_TEXT = "# TYPE up gauge\nup 1\n";

/** A gatherer of one family that counts how often it is asked. */
export function countingGatherer(): Gatherer & { calls: number } {
  return {
    calls: 0,
    gather() {
      this.calls++;
      return { families: [UP_FAMILY] };
    },
  };
}
