import { LABELS_TOO_LONG, NOT_PRINTABLE, TOO_MANY_SHAPES } from "../../../model/faults.ts";
import { haveSameElements, labelText } from "../../../model/identity.ts";
import type { Labels } from "../../../model/metric-family.ts";
import { MAX_SHAPES, type Row, type RowShape } from "../snapshot.ts";
import { MAX_PART_BYTES, shapeBytes } from "./change-writer.ts";

/** The shapes of the rows of one family. */
export class RowShapes {
  /** Shapes are only added, because rows name them by their index. */
  readonly all: RowShape[] = [];
  /** Whether the labels that were read last may have the row of other labels. */
  isAltered = false;
  /** The indexes of the shapes, by a text that does not depend on the order of the names. */
  readonly #indexes = new Map<string, number>();
  #last = 0;
  // What is read of labels; more than that may be left of those before.
  readonly #names: string[] = [];
  readonly #parts: (string | number)[] = [0];

  /** Returns the row of some labels, or why they have none. */
  rowOf(labels: Labels, bounds: readonly number[]): Row | string {
    this.isAltered = false;
    const names = this.#names;
    const parts = this.#parts;
    let count = 0;
    // An author without a compiler that checks types may have left them out.
    for (const name of Object.keys(labels ?? {})) {
      const value = labels[name];
      const text = typeof value === "string" ? value : labelText(value);
      if (text === undefined) return NOT_PRINTABLE;
      // An empty label is an absent one (OpenMetrics 1.0, Label), and nobody can read an empty name.
      const isSkipped = text === "" || name === "";
      if (isSkipped || !isFaithful(value)) this.isAltered = true;
      if (isSkipped) continue;
      names[count++] = name;
      parts[count] = text;
    }
    const last = this.all[this.#last];
    if (last === undefined || !isShape(last, names, count, bounds)) {
      return this.#find(names.slice(0, count), parts.slice(0, count + 1), bounds);
    }
    parts[0] = this.#last;
    // A copy takes only the memory that it needs, and it begins with the number.
    return parts.slice(0, count + 1) as unknown as Row;
  }

  /** Whether a row has these bounds. */
  haveBounds(row: Row, bounds: readonly number[]): boolean {
    const shape = this.all[row[0]];
    return shape !== undefined && haveSameElements(shape.bounds, bounds);
  }

  /** Most rows have the shape of the row before; others take more time. */
  #find(
    names: readonly string[],
    parts: readonly (string | number)[],
    bounds: readonly number[],
  ): Row | string {
    const key = JSON.stringify([names.toSorted(), bounds]);
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.all.length;
      const shape = { names, bounds };
      if (shapeBytes(shape) > MAX_PART_BYTES) return LABELS_TOO_LONG;
      if (index >= MAX_SHAPES) return TOO_MANY_SHAPES;
      this.all.push(shape);
      this.#indexes.set(key, index);
    }
    this.#last = index;
    const shape = this.all[index] as RowShape;
    // Each name is one of `names`, and the values follow the index of the shape.
    const values = shape.names.map((name) => parts[names.indexOf(name) + 1] as string);
    return [index, ...values];
  }
}

function isShape(
  shape: RowShape,
  names: readonly string[],
  count: number,
  bounds: readonly number[],
): boolean {
  if (shape.names.length !== count) return false;
  for (let index = 0; index < count; index++) {
    if (shape.names[index] !== names[index]) return false;
  }
  return haveSameElements(shape.bounds, bounds);
}

/** Whether different values of this kind have different texts; a client library keeps others apart. */
function isFaithful(value: unknown): boolean {
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" || type === "bigint";
}

/** Whether two rows of a family are the same label set. */
export function isSameRow(a: Row, b: Row): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return true;
}

/** Returns a text that is equal for two rows of a family exactly when they are the same. */
export function rowKey(row: Row): string {
  let key = String(row[0]);
  for (let index = 1; index < row.length; index++) {
    const value = row[index] as string; // index < length
    key += `,${value.length}:${value}`;
  }
  return key;
}
