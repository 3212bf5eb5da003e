import type { Aggregator } from "../../../options/workers.ts";
import type { SharedFamily } from "../received/shared-family.ts";
import type { WorkerFamily } from "../received/worker-family.ts";

/** The aggregators that leave one value of each label set. */
export type Combination = Exclude<Aggregator, "omit" | "perWorker">;

/**
 * Merges the numbers of workers, the lowest slot first, into those of their family.
 *
 * Hot path: all numbers of all workers pass here at each scrape. Allocates nothing, unless the family has
 * grown. Never pauses, because another scrape may be reading the result.
 */
export function combine(
  shared: SharedFamily,
  workers: readonly WorkerFamily[],
  combination: Combination,
): void {
  shared.makeRoom();
  begin(shared, shared.policy.kind === "total" || combination === "mostRecent");
  // It has been kept up to date as the values came.
  if (combination === "mostRecent") return;
  for (const worker of workers) {
    if (shared.isDistribution) addDistributions(shared, worker);
    else COMBINERS[combination](shared, worker);
  }
  if (combination === "average") divide(shared, workers);
}

/** Begins with what is retained, or with nothing. */
function begin({ out, present, retained, kept }: SharedFamily, hasRetained: boolean): void {
  out.fill(0);
  present.fill(0);
  if (!hasRetained || kept.length === 0) return;
  present.set(kept);
  const stride = retained.length / kept.length;
  if (stride === 1) {
    for (let slot = 0; slot < kept.length; slot++) {
      if (kept[slot] === 1) out[slot] = retained[slot] as number;
    }
    return;
  }
  for (let slot = 0; slot < kept.length; slot++) {
    if (kept[slot] === 0) continue;
    const end = (slot + 1) * stride;
    for (let at = slot * stride; at < end; at++) out[at] = retained[at] as number;
  }
}

type Combiner = (shared: SharedFamily, worker: WorkerFamily) => void;

const COMBINERS: Readonly<Record<Exclude<Combination, "mostRecent">, Combiner>> = {
  sum: add,
  average: add,
  min: (shared, worker) => choose(shared, worker, (value, before) => value < before),
  max: (shared, worker) => choose(shared, worker, (value, before) => value > before),
  first: (shared, worker) => choose(shared, worker, undefined),
};

function add({ out, present }: SharedFamily, { rows, numbers }: WorkerFamily): void {
  const { counted } = rows;
  // All rows of plain numbers have as many of them.
  const width = rows.firstOf(1);
  for (let row = 0, at = 0; row < counted.length; row++, at += width) {
    const slot = counted[row] as number;
    if (slot < 0) continue;
    out[slot] = (out[slot] as number) + (numbers[at] as number);
    present[slot] = 1;
  }
}

/** Takes the first value, and any later one that is better; any number is better than `NaN`. */
function choose(
  { out, present }: SharedFamily,
  { rows, numbers }: WorkerFamily,
  isBetter: ((value: number, before: number) => boolean) | undefined,
): void {
  const { counted } = rows;
  const width = rows.firstOf(1);
  for (let row = 0, at = 0; row < counted.length; row++, at += width) {
    const slot = counted[row] as number;
    if (slot < 0) continue;
    const value = numbers[at] as number;
    const before = out[slot] as number;
    if (present[slot] === 0) out[slot] = value;
    else if (isBetter?.(value, before) || (isBetter && Number.isNaN(before))) out[slot] = value;
    present[slot] = 1;
  }
}

function addDistributions(shared: SharedFamily, { rows, numbers, natives }: WorkerFamily): void {
  const { out, present } = shared;
  const { counted } = rows;
  for (let row = 0; row < counted.length; row++) {
    const slot = counted[row] as number;
    if (slot < 0 || (natives.size > 0 && natives.has(slot))) continue;
    shared.add(out, slot, rows.shapeAt(row).bounds, numbers, rows.firstOf(row));
    present[slot] = 1;
  }
}

let divisors = new Uint16Array(64);

/** Divides sums by the number of workers that each slot is of. */
function divide({ out, present }: SharedFamily, workers: readonly WorkerFamily[]): void {
  if (divisors.length < present.length) divisors = new Uint16Array(present.length);
  else divisors.fill(0, 0, present.length);
  for (const { rows } of workers) {
    for (const slot of rows.counted) {
      if (slot >= 0) divisors[slot] = (divisors[slot] as number) + 1;
    }
  }
  for (let slot = 0; slot < present.length; slot++) {
    if (present[slot] === 1) out[slot] = (out[slot] as number) / (divisors[slot] as number);
  }
}
