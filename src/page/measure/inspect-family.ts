import type { Labels, MetricFamily, MetricType } from "../../model/metric-family.ts";
import { LABEL_SETS_PER_STEP, MAX_LABEL_SETS, PAUSE } from "./label-values.ts";
import { SERIES_OF } from "./measure-families.ts";
import { type Sample, samplesOf } from "./samples.ts";

/** One family in full, as far as a person can read it. */
export interface FamilyDetail {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly unit: string | undefined;
  readonly labelSets: number;
  readonly series: number;
  readonly labels: readonly LabelDetail[];
  /** The first samples. */
  readonly samples: readonly Sample[];
}

/** The values of a label. */
export interface LabelDetail {
  readonly name: string;
  /** The most frequent ones. */
  readonly values: readonly LabelValue[];
  /** How many there are. */
  readonly count: number;
  /** Whether there may be more, because not all label sets were looked at. */
  readonly isAtLeast: boolean;
}

/** How many label sets have a value. */
interface LabelValue {
  readonly value: string;
  readonly labelSets: number;
}

/** How many samples are shown: a person does not read more, and they can be searched as text. */
const MAX_SAMPLES = 200;

const MAX_LABELS = 32;
const MAX_VALUES = 100;

/** Reads a family: its size, the values of its labels, its first samples. A pause is an empty chunk. */
export function* inspectFamily(
  family: MetricFamily,
): Generator<Uint8Array, FamilyDetail, undefined> {
  const { name, help, type, unit, metrics } = family;
  const seriesOf = SERIES_OF[type];
  const values = new Map<string, Map<string, number>>();
  const samples: Sample[] = [];
  let [labelSets, series] = [0, 0];
  for (const metric of metrics) {
    labelSets++;
    series += seriesOf(metric);
    if (labelSets <= MAX_LABEL_SETS) countValues(values, metric.labels);
    if (samples.length < MAX_SAMPLES) samples.push(...samplesOf(family, metric));
    if (labelSets % LABEL_SETS_PER_STEP === 0) yield PAUSE;
  }
  const labels = [];
  for (const [label, counts] of values) {
    labels.push(detailOf(label, counts, labelSets > MAX_LABEL_SETS));
    yield PAUSE;
  }
  const shown = samples.slice(0, MAX_SAMPLES);
  return { name, help, type, unit, labelSets, series, labels, samples: shown };
}

function countValues(values: Map<string, Map<string, number>>, labels: Labels): void {
  for (const [name, given] of Object.entries(labels)) {
    let counts = values.get(name);
    if (counts === undefined) {
      if (values.size >= MAX_LABELS) continue;
      counts = new Map();
      values.set(name, counts);
    }
    const value = String(given);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
}

function detailOf(
  name: string,
  counts: ReadonlyMap<string, number>,
  isAtLeast: boolean,
): LabelDetail {
  const values = Array.from(counts, ([value, labelSets]) => ({ value, labelSets }));
  values.sort((a, b) => b.labelSets - a.labelSets || (a.value < b.value ? -1 : 1));
  return { name, values: values.slice(0, MAX_VALUES), count: counts.size, isAtLeast };
}
