import type { Exemplar } from "../../../model/metric-family.ts";
import type { BoundSet } from "./bound-sets.ts";

/** The latest exemplars of all workers, by slot: one of each counter and each bucket. */
export class LatestExemplars {
  readonly #bySlot = new Map<number, (Exemplar | undefined)[]>();

  /** How many slots have any. */
  get size(): number {
    return this.#bySlot.size;
  }

  /** Whether a slot has any. */
  has(slot: number): boolean {
    return this.#bySlot.has(slot);
  }

  /** The exemplars of the buckets of a slot; that of a value is first. */
  get(slot: number): readonly (Exemplar | undefined)[] | undefined {
    return this.#bySlot.get(slot);
  }

  /** Keeps an exemplar unless a later one is there. */
  add(slot: number, bucket: number, exemplar: Exemplar): void {
    const all = this.#bySlot.get(slot) ?? [];
    if (!isLater(all[bucket], exemplar)) all[bucket] = exemplar;
    this.#bySlot.set(slot, all);
  }

  /** Moves exemplars to the buckets that a slot has now. */
  narrow(slot: number, bounds: BoundSet): void {
    const all = this.#bySlot.get(slot) ?? [];
    this.#bySlot.delete(slot);
    for (const exemplar of all) {
      if (exemplar !== undefined) this.add(slot, bounds.bucketOf(exemplar.value), exemplar);
    }
  }

  delete(slot: number): void {
    this.#bySlot.delete(slot);
  }
}

/** One without a timestamp is older than any with one, and than the next without. */
function isLater(one: Exemplar | undefined, other: Exemplar): boolean {
  return one !== undefined && (one.timestampMs ?? 0) > (other.timestampMs ?? 0);
}
