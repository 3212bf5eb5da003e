import type {
  FamilyHead,
  LayoutPiece,
  Row,
  RowShape,
  Splice,
} from "../../gatherers/remote/snapshot.ts";

/** Pieces may have 64 KiB as JSON; this leaves room for what is around the rows. */
const MAX_PIECE_CHARACTERS = 12_000;

interface Family {
  readonly head: FamilyHead;
  readonly shapes: RowShape[];
  rows: readonly Row[];
}

/** A layout, made of its changes, to be written anew without what has come and gone. */
export class CompactLayout {
  readonly #families = new Map<number, Family>();

  /** Applies changes. */
  apply(piece: LayoutPiece): void {
    for (const { id, head, shapes = [], splices = [] } of piece) {
      if (head !== undefined) this.#families.set(id, { head, shapes: [], rows: [] });
      const family = this.#families.get(id);
      if (family === undefined) throw new Error("A layout changes a family that it has not begun");
      family.shapes.push(...shapes);
      family.rows = splicedRows(family.rows, splices);
    }
  }

  /** Forgets all other families, because they are gone. */
  keep(kept: { has(id: number): boolean }): void {
    for (const id of this.#families.keys()) if (!kept.has(id)) this.#families.delete(id);
  }

  /** The whole layout, in pieces. */
  *pieces(): Generator<LayoutPiece> {
    for (const [id, { head, shapes, rows }] of this.#families) {
      yield [{ id, head }];
      for (const part of parts(shapes)) yield [{ id, shapes: part }];
      let at = 0;
      for (const part of parts(rows)) {
        yield [{ id, splices: [{ at, removed: 0, rows: part }] }];
        at += part.length;
      }
    }
  }
}

/** Cuts a list into parts that are short enough as JSON, whatever characters they have. */
function* parts<T>(list: readonly T[]): Generator<readonly T[]> {
  let part: T[] = [];
  let characters = 0;
  for (const item of list) {
    const length = JSON.stringify(item).length;
    if (part.length > 0 && characters + length > MAX_PIECE_CHARACTERS) {
      yield part;
      part = [];
      characters = 0;
    }
    part.push(item);
    characters += length;
  }
  if (part.length > 0) yield part;
}

/**
 * Applies splices to a list of rows. Most come in the order of the rows: then the list is copied once, and
 * not moved by each of thousands.
 */
export function splicedRows(rows: readonly Row[], splices: readonly Splice[]): readonly Row[] {
  if (splices.length === 0) return rows;
  let old = rows;
  let next: Row[] = [];
  // How many of the old rows are in the next ones, or have been removed.
  let used = 0;
  const copyUntil = (length: number) => {
    const end = Math.min(old.length, used + length - next.length);
    for (; used < end; used++) next.push(old[used] as Row);
  };
  for (const { at, removed, rows: inserted } of splices) {
    if (at < next.length) {
      copyUntil(Number.POSITIVE_INFINITY);
      [old, next, used] = [next, [], 0];
    }
    copyUntil(at);
    used += removed;
    for (const row of inserted) next.push(row);
  }
  copyUntil(Number.POSITIVE_INFINITY);
  return next;
}
