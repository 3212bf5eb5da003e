import { haveSameElements } from "../../../model/identity.ts";
import { type FormerRow, type FormerRows, formerKey } from "../former-totals.ts";
import type { Row, RowShape } from "../snapshot.ts";
import type { Pace } from "./pace.ts";
import type { RowTable } from "./row-table.ts";

/** What is deducted from the rows of one family, because this process has counted it as another worker. */
export class Deduction {
  readonly #sources: readonly FormerRows[];
  /** The key of each row, which costs more than all else. */
  readonly #keys = new WeakMap<Row, string>();
  #table: RowTable | undefined;
  /** For each row of the table, what is deducted from it. */
  #former: readonly (FormerRow | undefined)[] = [];

  /** @param sources What each source of the family has counted; the first that has a row is its source. */
  constructor(sources: readonly FormerRows[]) {
    this.#sources = sources;
  }

  /** Whether it is that of some sources. */
  isOf(sources: readonly FormerRows[]): boolean {
    return haveSameElements(sources, this.#sources);
  }

  /**
   * Finds what is deducted from each row, and forgets rows that are gone: one that comes begins anew. Yields
   * where it may pause.
   */
  *align(
    table: RowTable,
    shapes: readonly RowShape[],
    pace: Pace,
  ): Generator<undefined, void, undefined> {
    if (table === this.#table) return;
    const former: (FormerRow | undefined)[] = [];
    const present = new Set<string>();
    for (const row of table.rows) {
      const key = this.#keys.get(row) ?? formerKey(shapes[row[0]] as RowShape, row);
      this.#keys.set(row, key);
      const source = this.#sources.find((rows) => rows.has(key));
      if (source !== undefined) present.add(key);
      former.push(source?.get(key));
      if (pace.isOver(1)) yield;
    }
    for (const rows of this.#sources) {
      for (const key of rows.keys()) if (!present.has(key)) rows.delete(key);
    }
    this.#former = former;
    this.#table = table;
  }

  /** Deducts it from the numbers of all rows, which begin at `at`. */
  apply(
    { rows, firstNumbers }: RowTable,
    shapes: readonly RowShape[],
    numbers: Float64Array,
    at: number,
  ): void {
    this.#former.forEach((former, index) => {
      const { bounds } = shapes[(rows[index] as Row)[0]] as RowShape;
      former?.deduct(bounds, numbers, at + (firstNumbers[index] as number));
    });
  }
}
