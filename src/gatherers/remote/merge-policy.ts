import type { MetricType } from "../../model/metric-family.ts";
import { AGGREGATORS, type Aggregator, type WorkersSettings } from "../../options/workers.ts";
import { isDefaultMetric, isProcessWide } from "./default-metrics.ts";

/** How the families of one name and type become one. */
export interface MergePolicy {
  /**
   * `"total"`: only grows; what workers that are gone have counted is retained. `"gauge"`: whatever its
   * aggregator says, of the workers that have answered. `"presence"`: 1 wherever any worker has it.
   */
  readonly kind: "total" | "gauge" | "presence" | "perWorker" | "omit";
  /** What the application has decided of a gauge, whatever the library says. */
  readonly aggregator: Aggregator | undefined;
  /** Whether all threads of a process say the same, so that only one of them is read. */
  readonly isProcessWide: boolean;
}

type Settings = Pick<WorkersSettings, "mode" | "defaultMetrics" | "summaries" | "aggregators">;

/** Decides by the name and the type; the aggregator of a library is not known yet. */
export function policyOf(name: string, type: MetricType, settings: Settings): MergePolicy {
  if (settings.mode === "label") {
    return { kind: "perWorker", aggregator: undefined, isProcessWide: false };
  }
  const aggregator = settings.aggregators.get(name);
  return {
    kind: kindOf(name, type, aggregator, settings),
    aggregator,
    isProcessWide: isProcessWide(name),
  };
}

function kindOf(
  name: string,
  type: MetricType,
  aggregator: Aggregator | undefined,
  { defaultMetrics, summaries }: Settings,
): MergePolicy["kind"] {
  if (aggregator === "omit" || aggregator === "perWorker") return aggregator;
  if (aggregator !== undefined && type === "gauge") return "gauge";
  const isOwn = aggregator !== undefined || !isDefaultMetric(name);
  if (defaultMetrics === "perWorker" && !isOwn) return "perWorker";
  switch (type) {
    case "counter":
    case "histogram":
      return "total";
    case "summary":
      // Quantiles cannot be added; the count and the sum can.
      return summaries === "sum" ? "total" : "perWorker";
    case "info":
    case "stateset":
      return "presence";
    case "gauge":
      return name.endsWith("_info") ? "presence" : "gauge";
    case "gaugehistogram":
      return "gauge";
    case "unknown":
      return "perWorker";
  }
}

/** Tells whether the aggregator that a library names is one of ours; a function cannot be sent. */
export function isAggregator(name: string): name is Aggregator {
  return (AGGREGATORS as readonly string[]).includes(name);
}
