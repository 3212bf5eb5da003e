import type { MetricFamily } from "../model/metric-family.ts";
import { gauge } from "../scrape/self-metrics.ts";

/** The name that says whether a probe has succeeded, as blackbox_exporter established it. */
const SUCCESS = "probe_success";

/** What the answer of a probe says beside what it found. */
export interface ProbeFigures {
  readonly isSuccess: boolean;
  /** How long it ran, in milliseconds; 0 if it never began. */
  readonly durationMs: number;
  /** How long it might have taken for this request, in milliseconds. */
  readonly timeoutMs: number;
}

/** Puts our own families before those of a probe, except for those that it has itself. */
export function withProbeFamilies(
  families: readonly MetricFamily[],
  { isSuccess, durationMs, timeoutMs }: ProbeFigures,
): readonly MetricFamily[] {
  const own = [
    gauge(SUCCESS, "Whether the probe succeeded.", () => Number(isSuccess)),
    gauge("probe_duration_seconds", "How long the probe took.", () => durationMs / 1_000),
    gauge(
      "probe_timeout_seconds",
      "How long the probe was allowed to take.",
      () => timeoutMs / 1_000,
    ),
  ];
  const names = new Set(families.map(({ name }) => name));
  return [...own.filter(({ name }) => !names.has(name)), ...families];
}

/** Whether a probe says itself that it has failed, beside what it found. */
export function saysFailure(families: readonly MetricFamily[]): boolean {
  const [metric] = families.find(({ name }) => name === SUCCESS)?.metrics ?? [];
  return metric !== undefined && "value" in metric && metric.value === 0;
}
