import type { MetricType } from "../../model/metric-family.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { FamilyHead, LayoutPiece, Row, RowShape, Snapshot } from "./snapshot.ts";

interface Family {
  head: FamilyHead;
  shapes: RowShape[];
  rows: Row[];
  numbers: Float64Array;
}

/** What one worker has sent so far. */
export class Mirror {
  readonly #families = new Map<number, Family>();
  #order: readonly number[] = [];

  /** The number of its label sets. */
  get seriesCount(): number {
    let count = 0;
    for (const { rows } of this.#families.values()) count += rows.length;
    return count;
  }

  /**
   * Applies changes of the layout; the numbers of that layout must follow.
   *
   * @throws {ProtocolError} If a peer cannot have meant it.
   */
  applyLayout(piece: unknown): void {
    if (!Array.isArray(piece)) throw new ProtocolError("A layout must be a list");
    for (const { id, head, shapes, splices } of piece as LayoutPiece) {
      if (head !== undefined) {
        this.#families.set(id, { head, shapes: [], rows: [], numbers: new Float64Array(0) });
      }
      const family = this.#families.get(id);
      if (family === undefined) throw new ProtocolError("A change of an unknown family");
      family.shapes.push(...(shapes ?? []));
      for (const { at, removed, rows } of splices ?? []) family.rows.splice(at, removed, ...rows);
    }
  }

  /**
   * Applies the numbers of all rows.
   *
   * @throws {ProtocolError} If they are not those of the layout.
   */
  applyNumbers({ order, numbers }: Omit<Snapshot, "layout">): void {
    this.#order = order;
    let at = 0;
    for (const id of order) {
      const family = this.#families.get(id);
      if (family === undefined) throw new ProtocolError("An unknown family");
      family.numbers = numbers.slice(at, at + family.rows.length);
      at += family.rows.length;
    }
  }

  /** For now, only families of plain numbers. */
  *valueFamilies(): Generator<{
    name: string;
    help: string;
    type: MetricType;
    rows: { labels: Record<string, string>; value: number }[];
  }> {
    for (const id of this.#order) {
      const family = this.#families.get(id);
      if (family === undefined) continue;
      const { head, shapes, rows, numbers } = family;
      yield {
        ...head,
        rows: rows.map(([shape, ...values], row) => ({
          labels: Object.fromEntries(
            (shapes[shape]?.names ?? []).map((name, at) => [name, values[at] ?? ""]),
          ),
          value: numbers[row] ?? 0,
        })),
      };
    }
  }
}
