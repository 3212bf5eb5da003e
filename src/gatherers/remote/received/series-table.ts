import type { Labels } from "../../../model/metric-family.ts";
import type { Row } from "../snapshot.ts";

/** Between the values of a key; `\` escapes it in a value. */
const SEPARATOR = "\n";
/** Begins a key whose names are not the first of the table; no escaped value begins so. */
const OTHER_NAMES = "\\#";

/** The label names of some rows, as the table has them. */
export interface RowNames {
  readonly index: number;
  /** Where each of the table's values is in a row; absent where the order is the same. */
  readonly order: readonly number[] | undefined;
}

/**
 * The label sets of one family, of all workers together: a number, the slot, for each.
 *
 * A label set is kept as one text, because a hundred thousand objects would take several times the memory. Two
 * are one if they have the same names with the same values, in any order. A slot is free again when no worker
 * has its label set, and none is retained.
 */
export class SeriesTable {
  /** By slot, what tells a label set from all that had or will have its slot; 0 for a free one. */
  ids: Float64Array = new Float64Array(16);
  /** By slot, how many workers have it. */
  owners: Int32Array = new Int32Array(16);
  #lastId = 0;
  readonly #slots = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  readonly #names: (readonly string[])[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #free: number[] = [];

  /** One more than the highest slot that was ever used. */
  get length(): number {
    return this.#keys.length;
  }

  /** The number of label sets. */
  get size(): number {
    return this.#slots.size;
  }

  /** For how many slots there is room: arrays by slot have this length. */
  get capacity(): number {
    return this.ids.length;
  }

  /** The id that was given last. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Whether any label set has a label of this name. */
  hasName(name: string): boolean {
    return this.#names.some((names) => names.includes(name));
  }

  /** Finds the names of some rows, in any order, or adds them. */
  namesOf(names: readonly string[]): RowNames {
    const sorted = JSON.stringify(names.toSorted());
    let index = this.#indexes.get(sorted);
    if (index === undefined) {
      index = this.#names.push([...names]) - 1;
      this.#indexes.set(sorted, index);
    }
    const own = this.#names[index] ?? [];
    const isSame = own.every((name, at) => name === names[at]);
    return { index, order: isSame ? undefined : own.map((name) => names.indexOf(name)) };
  }

  /** Finds the slot of a row, or takes a free one; it has one owner more. */
  acquire(names: RowNames, row: Row): number {
    const key = keyOf(names, row);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#free.pop() ?? this.#keys.length;
      if (slot === this.capacity) this.#grow();
      this.#keys[slot] = key;
      this.#slots.set(key, slot);
      this.ids[slot] = ++this.#lastId;
    }
    this.owners[slot] = (this.owners[slot] as number) + 1;
    return slot;
  }

  /** Takes an owner away, and returns how many are left. */
  disown(slot: number): number {
    const owners = (this.owners[slot] as number) - 1;
    this.owners[slot] = owners;
    return owners;
  }

  /** Forgets a label set that nobody has. */
  free(slot: number): void {
    const key = this.#keys[slot];
    if (key === undefined) return;
    this.#slots.delete(key);
    this.#keys[slot] = undefined;
    this.ids[slot] = 0;
    this.#free.push(slot);
  }

  /** The names and the values of a label set. */
  pairsAt(slot: number): readonly [names: readonly string[], values: readonly string[]] {
    const key = this.#keys[slot] ?? "";
    const isOther = key.startsWith(OTHER_NAMES);
    const start = isOther ? key.indexOf(SEPARATOR) + 1 : 0;
    const names = this.#names[isOther ? Number(key.slice(OTHER_NAMES.length, start - 1)) : 0] ?? [];
    if (names.length === 0) return [names, []];
    const values = key.slice(start).split(SEPARATOR);
    return [names, key.includes("\\", start) ? values.map(unescaped) : values];
  }

  /** A label set, as a metric has it. */
  labelsAt(slot: number): Labels {
    const [names, values] = this.pairsAt(slot);
    const labels: Record<string, string> = {};
    for (let at = 0; at < names.length; at++) {
      setLabel(labels, names[at] as string, values[at] as string); // at < length
    }
    return labels;
  }

  #grow(): void {
    this.ids = sized(this.ids, this.capacity * 2);
    this.owners = sized(this.owners, this.ids.length);
  }
}

/** Adds a label; `__proto__` is one like any other. */
export function setLabel(labels: Record<string, string>, name: string, value: string): void {
  if (name !== "__proto__") labels[name] = value;
  else Object.defineProperty(labels, name, { value, enumerable: true });
}

/** An array of a length, with what is in another. */
export function sized<T extends Float64Array | Int32Array | Uint8Array>(
  from: T,
  length: number,
): T {
  const to = new (from.constructor as new (length: number) => T)(length);
  to.set(from.length > length ? from.subarray(0, length) : from);
  return to;
}

/** Makes room for more numbers of each slot; those at the end of a slot stay last. */
export function restrided(
  numbers: Float64Array,
  before: number,
  after: number,
  lastCount: number,
): Float64Array {
  const slots = numbers.length / before;
  const wider = new Float64Array(slots * after);
  for (let slot = 0; slot < slots; slot++) {
    const end = (slot + 1) * before;
    wider.set(numbers.subarray(slot * before, end - lastCount), slot * after);
    wider.set(numbers.subarray(end - lastCount, end), (slot + 1) * after - lastCount);
  }
  return wider;
}

function keyOf({ index, order }: RowNames, row: Row): string {
  let key = index === 0 ? "" : `${OTHER_NAMES}${index}${SEPARATOR}`;
  // The first element of a row is its shape, the others are its values.
  for (let at = 1; at < row.length; at++) {
    const value = row[order === undefined ? at : (order[at - 1] as number) + 1] as string;
    const text = NEEDS_ESCAPE.test(value) ? escaped(value) : value;
    key = at === 1 ? key + text : key + SEPARATOR + text;
  }
  return key;
}

const NEEDS_ESCAPE = /[\\\n]/;

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
}
