import type {
  ExemplarEntry,
  FamilyChange,
  FamilyHead,
  LayoutPiece,
  NativeEntry,
  Row,
  RowShape,
} from "../snapshot.ts";

/** The most that a piece of layout takes as JSON. */
const MAX_PIECE_BYTES = 64 * 1024;

/** More than the brackets and names of a change take as JSON, without what is in its lists. */
const CHANGE_BYTES = 160;

/** More than those of a splice, or of an entry. */
const ENTRY_BYTES = 64;

/** The most that one part may take: whatever is larger cannot be sent. */
export const MAX_PART_BYTES: number = MAX_PIECE_BYTES - CHANGE_BYTES - 2 * ENTRY_BYTES;

/** A change, and at most how long it is as JSON. */
export interface SizedChange {
  readonly change: FamilyChange;
  readonly bytes: number;
}

interface OpenSplice {
  readonly at: number;
  readonly removed: number;
  readonly rows: Row[];
}

interface OpenChange {
  readonly change: {
    readonly id: number;
    head?: FamilyHead;
    shapes?: RowShape[];
    splices?: OpenSplice[];
    exemplars?: ExemplarEntry[];
    natives?: NativeEntry[];
  };
  bytes: number;
}

/**
 * Writes the changes of one family, each small enough for a piece.
 *
 * The methods must be called in the order of the members of a `FamilyChange`.
 */
export class ChangeWriter {
  /** What was written. */
  readonly changes: SizedChange[] = [];
  readonly #id: number;
  #current: OpenChange | undefined;
  #splice: OpenSplice | undefined;
  #spliceChange: OpenChange | undefined;

  constructor(id: number) {
    this.#id = id;
  }

  head(head: FamilyHead, bytes: number): void {
    this.#take(bytes).head = head;
  }

  shape(shape: RowShape, bytes: number): void {
    const change = this.#take(bytes);
    change.shapes ??= [];
    change.shapes.push(shape);
  }

  /** Begins a splice; `row()` adds its rows. */
  splice(at: number, removed: number): void {
    const change = this.#take(ENTRY_BYTES);
    this.#splice = { at, removed, rows: [] };
    this.#spliceChange = this.#current;
    change.splices ??= [];
    change.splices.push(this.#splice);
  }

  row(row: Row, bytes: number): void {
    this.#take(bytes + 1);
    const splice = this.#splice;
    if (splice === undefined) throw new Error("A row must follow a splice");
    // In another change, the splice goes on behind its first rows.
    if (this.#spliceChange !== this.#current) this.splice(splice.at + splice.rows.length, 0);
    this.#splice?.rows.push(row);
  }

  exemplar(entry: ExemplarEntry, bytes: number): void {
    const change = this.#take(bytes + ENTRY_BYTES);
    change.exemplars ??= [];
    change.exemplars.push(entry);
  }

  native(entry: NativeEntry, bytes: number): void {
    const change = this.#take(bytes + ENTRY_BYTES);
    change.natives ??= [];
    change.natives.push(entry);
  }

  /** Returns a change with room for `bytes`. */
  #take(bytes: number): OpenChange["change"] {
    let current = this.#current;
    if (current === undefined || current.bytes + bytes > MAX_PIECE_BYTES) {
      current = { change: { id: this.#id }, bytes: CHANGE_BYTES };
      this.#current = current;
      this.changes.push(current);
    }
    current.bytes += bytes;
    return current.change;
  }
}

/** Packs changes into pieces, in their order. */
export function packed(changes: readonly SizedChange[]): LayoutPiece[] {
  const pieces: FamilyChange[][] = [];
  let piece: FamilyChange[] = [];
  let room = 0;
  for (const { change, bytes } of changes) {
    if (bytes + 1 > room) {
      piece = [];
      pieces.push(piece);
      room = MAX_PIECE_BYTES - 2;
    }
    piece.push(change);
    room -= bytes + 1;
  }
  return pieces;
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** At most how many bytes a text takes as JSON, in UTF-8. */
export function jsonBytes(text: string): number {
  // A character that is not escaped is one unit of at most three bytes.
  return PLAIN.test(text) ? text.length + 2 : JSON.stringify(text).length * 3;
}

/** The same for a row. */
export function rowBytes(row: Row): number {
  let bytes = 16;
  for (let index = 1; index < row.length; index++) bytes += jsonBytes(row[index] as string) + 1;
  return bytes;
}

/** The same for a shape. */
export function shapeBytes({ names, bounds }: RowShape): number {
  let bytes = ENTRY_BYTES;
  for (const name of names) bytes += jsonBytes(name) + 1;
  // The longest number that is written has 24 characters.
  return bytes + bounds.length * 25;
}
