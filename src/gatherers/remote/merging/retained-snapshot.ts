/**
 * What is retained of workers that are gone, as a worker would send it. The next hub applies it to a mirror,
 * which it then retires.
 */
import { COUNT_FROM_END, type SharedFamily } from "../received/shared-family.ts";
import {
  ChangeWriter,
  packed,
  rowBytes,
  type SizedChange,
  shapeBytes,
} from "../sending/change-writer.ts";
import { headBytes } from "../sending/sent-family.ts";
import type { FamilyHead, RowShape, Snapshot } from "../snapshot.ts";

/** The changes of the layout since it was last taken, and all numbers. */
export type RetainedSnapshot = Pick<Snapshot, "layout" | "order" | "numbers">;

/** A row as it was described. */
interface RetainedRow {
  readonly slot: number;
  /** The id of its label set. */
  readonly id: number;
  readonly bounds: readonly number[];
}

const NO_BOUNDS: readonly number[] = [];

/** Describes what is retained, a change at a time. */
export class RetainedSnapshots {
  readonly #families = new Map<SharedFamily, RetainedFamily>();
  #nextId = 0;

  /** Takes what is retained of some families; `undefined` if it is what it was at the last call. */
  take(all: Iterable<SharedFamily>): RetainedSnapshot | undefined {
    const retaining = [...all].filter(isRetaining);
    const isUnchanged =
      retaining.length === this.#families.size &&
      retaining.every((shared) => this.#families.has(shared) && !shared.isRetainedDirty);
    if (isUnchanged) return undefined;
    const changes: SizedChange[] = [];
    const current = new Set(retaining);
    for (const shared of this.#families.keys()) {
      if (!current.has(shared)) this.#families.delete(shared);
    }
    for (const shared of retaining) {
      let family = this.#families.get(shared);
      if (family === undefined) {
        family = new RetainedFamily(this.#nextId++, shared);
        this.#families.set(shared, family);
      }
      if (shared.isRetainedDirty || family.isNew) changes.push(...family.update());
      shared.isRetainedDirty = false;
    }
    const families = [...this.#families.values()];
    const numbers = new Float64Array(
      families.reduce((sum, { numberCount }) => sum + numberCount, 0),
    );
    let at = 0;
    for (const family of families) at = family.write(numbers, at);
    return { layout: packed(changes), order: families.map(({ id }) => id), numbers };
  }
}

/** Nothing else is handed to the next hub: of a gauge only the last value is known. */
function isRetaining({ policy, kept }: SharedFamily): boolean {
  return policy.kind === "total" && kept.includes(1);
}

class RetainedFamily {
  readonly id: number;
  isNew = true;
  readonly #shared: SharedFamily;
  readonly #shapes = new Map<string, number>();
  #rows: RetainedRow[] = [];

  constructor(id: number, shared: SharedFamily) {
    this.id = id;
    this.#shared = shared;
  }

  /** Describes what has changed. */
  update(): readonly SizedChange[] {
    const writer = new ChangeWriter(this.id);
    const { name, type, head } = this.#shared;
    if (this.isNew) {
      const own: FamilyHead = { name, type, help: head.help, unit: head.unit };
      writer.head(own, headBytes(own));
    }
    this.isNew = false;
    const { fresh, removed } = this.#compare();
    const rows = fresh.map((row) => this.#describe(row, writer));
    // Each is one place lower for every one before it.
    removed.forEach((at, count) => {
      writer.splice(at - count, 1);
    });
    if (rows.length > 0) writer.splice(this.#rows.length, 0);
    for (const row of rows) writer.row(row, rowBytes(row));
    this.#rows = this.#rows.concat(fresh);
    return writer.changes;
  }

  /** How many numbers its rows have. */
  get numberCount(): number {
    if (!this.#shared.isDistribution) return this.#rows.length;
    return this.#rows.reduce((sum, { bounds }) => sum + bounds.length + COUNT_FROM_END, 0);
  }

  /** Writes the numbers of its rows, and returns where they end. */
  write(numbers: Float64Array, start: number): number {
    const { retained, stride, isDistribution } = this.#shared;
    let at = start;
    for (const { slot, bounds } of this.#rows) {
      const first = slot * stride;
      const counts = isDistribution ? bounds.length : 1;
      for (let index = 0; index < counts; index++)
        numbers[at++] = retained[first + index] as number;
      if (!isDistribution) continue;
      numbers[at++] = retained[first + stride - 2] as number;
      numbers[at++] = retained[first + stride - 1] as number;
    }
    return at;
  }

  /** Drops the rows that are retained no longer, or with other bounds, and finds new ones. */
  #compare(): { readonly fresh: RetainedRow[]; readonly removed: number[] } {
    const { kept, table } = this.#shared;
    const known = new Set<number>();
    const removed: number[] = [];
    this.#rows = this.#rows.filter((row, at) => {
      const { slot, id, bounds } = row;
      const isSame = kept[slot] === 1 && table.ids[slot] === id && this.#boundsAt(slot) === bounds;
      if (isSame) known.add(slot);
      else removed.push(at);
      return isSame;
    });
    const fresh: RetainedRow[] = [];
    for (let slot = 0; slot < kept.length; slot++) {
      if (kept[slot] === 0 || known.has(slot)) continue;
      fresh.push({ slot, id: table.ids[slot] as number, bounds: this.#boundsAt(slot) });
    }
    return { fresh, removed };
  }

  #boundsAt(slot: number): readonly number[] {
    return this.#shared.bounds[slot]?.values ?? NO_BOUNDS;
  }

  #describe({ slot, bounds }: RetainedRow, writer: ChangeWriter): [number, ...string[]] {
    const [names, values] = this.#shared.table.pairsAt(slot);
    const key = JSON.stringify([names, bounds]);
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      shape = this.#shapes.size;
      this.#shapes.set(key, shape);
      const own: RowShape = { names, bounds };
      writer.shape(own, shapeBytes(own));
    }
    return [shape, ...values];
  }
}
