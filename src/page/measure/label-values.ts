import type { MetricFamily } from "../../model/metric-family.ts";

/** How many values a label of a family has. */
export interface LabelSize {
  readonly name: string;
  /** Absent if they were not counted. */
  readonly values?: number;
  /** Whether there may be more, because not all label sets were looked at. */
  readonly isAtLeast?: boolean;
}

/** How many label sets are looked at between two pauses: about 0.1 ms. */
export const LABEL_SETS_PER_STEP = 256;

/** The empty chunk that is a pause. */
export const PAUSE: Uint8Array = new Uint8Array();

/** How many label sets are looked at: enough to show which label grows. */
export const MAX_LABEL_SETS = 20_000;

/**
 * Counts the values of a family's labels, in its first 20,000 label sets. A pause is an empty chunk.
 *
 * @param names The labels to count.
 */
export function* countLabelValues(
  { metrics }: MetricFamily,
  names: readonly string[],
): Generator<Uint8Array, readonly LabelSize[], undefined> {
  const counts = names.map((name) => ({ name, values: new Set<unknown>() }));
  let labelSets = 0;
  for (const metric of names.length === 0 ? [] : metrics) {
    if (++labelSets > MAX_LABEL_SETS) break;
    // Once, because it may be made on demand.
    const { labels } = metric;
    for (const { name, values } of counts) values.add(labels[name]);
    if (labelSets % LABEL_SETS_PER_STEP === 0) yield PAUSE;
  }
  const isAtLeast = labelSets > MAX_LABEL_SETS;
  return counts.map(({ name, values }) => ({ name, values: values.size, isAtLeast }));
}
