import type { MetricFamily } from "../model/metric-family.ts";
import { LiveValue } from "./live-value.ts";

/** What the application declares of itself: whether its metrics can be trusted. */
export class Status {
  isFailing = false;
  /** The metric of the status; none without a name. */
  readonly families: readonly MetricFamily[];

  /**
   * @param name What stands before `_up` in the name of the metric. A bare `up` would clash with the
   *   series that Prometheus writes for every target.
   */
  constructor(name: string | undefined) {
    const metrics = [new LiveValue("up", {}, () => (this.isFailing ? 0 : 1))];
    const help = "Whether the application has declared that its metrics are in order.";
    this.families =
      name === undefined ? [] : [{ name: `${name}_up`, help, type: "gauge", metrics }];
  }
}
