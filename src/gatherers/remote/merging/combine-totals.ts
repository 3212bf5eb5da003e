import type { SharedFamily } from "../received/shared-family.ts";
import type { WorkerFamily } from "../received/worker-family.ts";
import { combine } from "./combine.ts";

/** How much of a sum rounding takes at most: each worker may cost the last of its 53 bits. */
const ROUNDING = 2 ** -40;

/** How often more is added to a sum before it is left as it is. */
const MAX_TRIES = 8;

/**
 * Adds what the workers have counted, so that no sum falls by rounding.
 *
 * The same numbers may have another sum in another order, and a worker that goes changes the order: its numbers
 * are added first from then on. A scraper would take the smaller sum for a reset, and count all of it again.
 */
export function combineTotals(shared: SharedFamily, workers: readonly WorkerFamily[]): void {
  const before = shared.isReordered ? shared.out.slice() : undefined;
  shared.isReordered = false;
  combine(shared, workers, "sum");
  if (before === undefined) return;
  for (let tries = 0; tries < MAX_TRIES && lift(shared, before, 2 ** tries); tries++) {
    combine(shared, workers, "sum");
  }
}

/** Adds what is missing to what is retained; returns whether anything was. */
function lift(shared: SharedFamily, before: Float64Array, factor: number): boolean {
  const { out, present, stride } = shared;
  let isLifted = false;
  for (let at = 0; at < before.length; at++) {
    const was = before[at] as number; // at < length
    const missing = was - (out[at] as number);
    if (!(missing > 0 && missing <= Math.abs(was) * ROUNDING)) continue;
    const slot = Math.floor(at / stride);
    if (present[slot] !== 1) continue;
    shared.lift(slot, at, missing * factor);
    isLifted = true;
  }
  return isLifted;
}
