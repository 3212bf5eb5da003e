import type { FaultReporter } from "../../../model/gatherer.ts";
import type { MetricData, Scope, ScopeMetrics } from "../collected.ts";

/** A metric, and the instrumentation library that it is of. */
export interface ScopedMetric {
  readonly scope: Scope;
  readonly metric: MetricData;
}

/**
 * Lists the metrics of all scopes that have the shape that the SDK gives them. Only a metric producer brings
 * others: each costs itself, and is reported.
 */
export function* legibleMetrics(
  scopes: readonly ScopeMetrics[],
  report: FaultReporter,
): Generator<ScopedMetric, void, undefined> {
  for (const entry of scopes) {
    const { scope, metrics } = isScope(entry) ? entry : NOTHING;
    if (metrics === undefined) report(UNNAMED, "a scope cannot be read; skipped its metrics");
    for (const metric of metrics ?? []) {
      if (isMetric(metric)) yield { scope, metric };
      else report(nameOf(metric), "a metric cannot be read; skipped it");
    }
  }
}

/** What a report calls something that has no name. */
const UNNAMED = "opentelemetry";

const NOTHING = { scope: { name: "" }, metrics: undefined };

function isScope(entry: Partial<ScopeMetrics> | null | undefined): boolean {
  return typeof entry?.scope?.name === "string" && Array.isArray(entry.metrics);
}

function isMetric(metric: Partial<MetricData> | null | undefined): boolean {
  const { descriptor, dataPoints } = metric ?? {};
  return (
    typeof descriptor?.name === "string" &&
    isTextOrAbsent(descriptor.unit) &&
    isTextOrAbsent(descriptor.description) &&
    Array.isArray(dataPoints) &&
    // Each is one pass over all points without a call, which takes no time beside `collect()`.
    !dataPoints.includes(undefined) &&
    !dataPoints.includes(null)
  );
}

function isTextOrAbsent(value: unknown): boolean {
  return (value ?? "") === "" || typeof value === "string";
}

function nameOf(metric: Partial<MetricData> | null | undefined): string {
  const name: unknown = metric?.descriptor?.name;
  return typeof name === "string" ? name : UNNAMED;
}
