import type { Row } from "../snapshot.ts";
import { RowExtras } from "./row-extras.ts";

/**
 * The rows of a family with their numbers, which lie as they are sent.
 *
 * `firstNumbers` has one entry more than there are rows: where the next row would begin.
 */
export class RowTable {
  readonly rows: Row[] = [];
  /** What each metric is recognised by; `undefined` where it must be compared by its labels. */
  readonly identities: unknown[] = [];
  /** What only few rows have; absent while none has. */
  extras: (RowExtras | undefined)[] | undefined;
  firstNumbers: Uint32Array = new Uint32Array(2);
  numbers: Float64Array = new Float64Array(1);

  get count(): number {
    return this.rows.length;
  }

  get numberCount(): number {
    return this.firstNumbers[this.count] as number;
  }

  /** How many numbers a row has. */
  lengthOf(index: number): number {
    return (this.firstNumbers[index + 1] as number) - (this.firstNumbers[index] as number);
  }

  /** Returns what a row has besides its numbers; the first time, that is nothing. */
  extrasAt(index: number): RowExtras {
    this.extras ??= new Array(this.count).fill(undefined);
    const extras = this.extras[index] ?? new RowExtras();
    this.extras[index] = extras;
    return extras;
  }

  /** Adds a row with the first `length` numbers of a list. */
  add(row: Row, identity: unknown, numbers: Float64Array, length: number): void {
    const first = this.numberCount;
    this.#reserve(1, length);
    this.rows.push(row);
    this.identities.push(identity);
    for (let at = 0; at < length; at++) this.numbers[first + at] = numbers[at] as number;
    this.firstNumbers[this.count] = first + length;
    this.extras?.push(undefined);
  }

  /** Adds rows of another table. */
  append(from: RowTable, start: number, end: number): void {
    if (start >= end) return;
    const first = from.firstNumbers[start] as number;
    const last = from.firstNumbers[end] as number;
    const shift = this.numberCount - first;
    const { count } = this;
    this.#reserve(end - start, last - first);
    this.numbers.set(from.numbers.subarray(first, last), this.numberCount);
    if (from.extras !== undefined) this.extras ??= new Array(count).fill(undefined);
    for (let index = start; index < end; index++) {
      this.rows.push(from.rows[index] as Row);
      this.identities.push(from.identities[index]);
      this.extras?.push(from.extras?.[index]);
      this.firstNumbers[this.count] = (from.firstNumbers[index + 1] as number) + shift;
    }
  }

  /** Replaces the numbers of a row by as many others. */
  write(index: number, numbers: Float64Array): void {
    const first = this.firstNumbers[index] as number;
    const length = this.lengthOf(index);
    for (let at = 0; at < length; at++) this.numbers[first + at] = numbers[at] as number;
  }

  #reserve(rows: number, numbers: number): void {
    const rowsNeeded = this.count + rows + 1;
    if (rowsNeeded > this.firstNumbers.length) {
      const grown = new Uint32Array(Math.max(rowsNeeded, this.firstNumbers.length * 2));
      grown.set(this.firstNumbers);
      this.firstNumbers = grown;
    }
    const numbersNeeded = this.numberCount + numbers;
    if (numbersNeeded > this.numbers.length) {
      const grown = new Float64Array(Math.max(numbersNeeded, this.numbers.length * 2));
      grown.set(this.numbers);
      this.numbers = grown;
    }
  }
}
