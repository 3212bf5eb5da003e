import type { Metric, ValueMetric } from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import { normalLabels } from "../label-pairs.ts";
import { wholeMilliseconds } from "../number.ts";

/** The metrics of an info or a state set in an order that parsers accept. */
export interface Arranged {
  readonly metrics: readonly ValueMetric[];
  /** Why they are not what their type says, if so: parsers would reject the whole exposition. */
  readonly fault: string | undefined;
}

/** After how many metrics there is a pause: they are collected first, because the type precedes them. */
const PAUSE_EVERY = 1_000;

/** Checks an info (OpenMetrics 1.0, Info). The Python client's parser takes all of them for one metric. */
export function* arrangeInfo(metrics: Iterable<Metric>): Generator<void, Arranged, undefined> {
  const all: ValueMetric[] = [];
  let isLegal = true;
  for (const metric of metrics) {
    const info = copyOf(metric);
    if (all.length % PAUSE_EVERY === PAUSE_EVERY - 1) yield;
    all.push(info);
    if (isSkipped(info)) continue;
    if (info.value !== 1 || isTimed(info) !== isTimed(all[0] as ValueMetric)) isLegal = false;
  }
  return { metrics: all, fault: isLegal ? undefined : NO_INFO };
}

const NO_INFO = "not all are 1, or only some have a time: OpenMetrics output shows no info";

/**
 * Checks a state set, and groups the states of one label set: together they are one metric, and metrics
 * must not be interleaved (OpenMetrics 1.0, StateSet and Overall Structure).
 *
 * @param name The name of the family as it is written, which is that of the label with the state.
 */
export function* arrangeStates(
  metrics: Iterable<Metric>,
  name: string,
  scheme: EscapingScheme,
): Generator<void, Arranged, undefined> {
  const all: ValueMetric[] = [];
  const groups = new Map<string, ValueMetric[]>();
  let isLegal = true;
  for (const metric of metrics) {
    const state = copyOf(metric);
    if (all.length % PAUSE_EVERY === PAUSE_EVERY - 1) yield;
    all.push(state);
    // The encoder skips and reports labels that have no text.
    const pairs = new Map(normalLabels(state.labels, scheme)?.pairs);
    const hasState = pairs.delete(name);
    const key = JSON.stringify([...pairs].sort());
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(state);
    if (isSkipped(state)) continue;
    const isBoolean = state.value === 0 || state.value === 1;
    if (!hasState || !isBoolean || timeOf(state) !== timeOf(group[0])) isLegal = false;
  }
  return isLegal
    ? { metrics: [...groups.values()].flat(), fault: undefined }
    : { metrics: all, fault: NO_STATE_SET };
}

const NO_STATE_SET =
  "a state is neither 0 nor 1, lacks the label with the name of the family, or has a time of its own: OpenMetrics output shows no state set";

/** A copy, because the next metric may be the same object. */
function copyOf(metric: Metric): ValueMetric {
  // The type of the family is one of values.
  const { labels, value, timestampMs, identity } = metric as ValueMetric;
  return { labels, value, timestampMs, identity };
}

/** The encoder skips and reports it. */
function isSkipped({ value }: ValueMetric): boolean {
  return typeof value !== "number";
}

function isTimed(metric: ValueMetric): boolean {
  return timeOf(metric) !== undefined;
}

function timeOf(metric: ValueMetric | undefined): number | undefined {
  return wholeMilliseconds(metric?.timestampMs);
}
