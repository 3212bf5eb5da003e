import type { Metric } from "../model/metric-family.ts";
import type { FamilyEncoder, TextSink } from "./encoder.ts";
import { formatNumber, MAX_NUMBER_LENGTH, writeNumber } from "./number.ts";

/**
 * The size from which on a page takes no more metrics, in bytes. Small enough that a number which
 * gets longer moves little, large enough that a page costs little beside its bytes.
 */
const PAGE_BYTES = 32 * 1_024;

/** Room for numbers to get longer before the bytes have to move to larger memory. */
const SPARE_BYTES = 512;

const BYTES_PER_NUMBER = 16;

// One of each serves all pages: nothing in here is asynchronous.
let numbers = new Float64Array(64);
const digits = new Uint8Array(MAX_NUMBER_LENGTH);
let scratch = Buffer.alloc(0);

// Every index below comes from the page's own counts, so what it reads is there: the casts to
// `number` say so without a check in a hot path.

/**
 * A page of an exposition: the bytes of some metrics as they were last sent, and where each number
 * stands in them. At the next scrape only the numbers that have changed are written.
 *
 * The metrics of a family are walked in order: `update()` for each, then `close()`.
 *
 * Hot path: `npm run bench` guards it.
 */
export class Page implements TextSink {
  /** What identifies each metric; `undefined` for one that must be encoded anew each time. */
  readonly #identities: unknown[] = [];
  /** For each metric its first number and its first byte; one more entry for the end of the last. */
  readonly #firstNumbers: number[] = [0];
  readonly #firstBytes: number[] = [0];
  #bytes: Buffer = Buffer.alloc(0);
  #values: Float64Array = new Float64Array(64);
  /** Where each number begins and ends in the bytes. */
  #starts: Uint32Array = new Uint32Array(64);
  #ends: Uint32Array = new Uint32Array(64);
  #numberCount = 0;
  /** The numbers that differ from their bytes, in order. */
  readonly #changed: number[] = [];
  /** What has been appended and is not yet bytes; offsets in it count from the last byte on. */
  #appended = "";
  #firstAppended = 0;
  #isFull = false;

  /** The bytes of the exposition; they are valid until the page is walked again. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The memory that the page takes, in bytes. */
  get footprint(): number {
    return this.#bytes.length + this.#values.length * BYTES_PER_NUMBER;
  }

  /** Whether the next metric belongs on the next page, after `index` metrics of this one. */
  isFull(index: number): boolean {
    return this.#isFull && index === this.#identities.length;
  }

  /**
   * Brings the metric at `index` up to date. When another one stood there, it and all behind it are
   * forgotten.
   *
   * @returns `false` for a metric that the encoder leaves out; the next one then has this index.
   */
  update(index: number, metric: Metric, encoder: FamilyEncoder): boolean {
    if (index < this.#identities.length) {
      const isSame = metric.identity !== undefined && metric.identity === this.#identities[index];
      if (isSame && this.#compare(index, metric, encoder)) return true;
      this.#truncate(index);
    }
    return this.#append(metric, encoder);
  }

  /** Ends a walk after `count` metrics: the bytes are then those of a fresh encoding. */
  close(count: number): void {
    if (count < this.#identities.length) this.#truncate(count);
    this.#seal();
    this.#patch();
  }

  text(text: string): void {
    this.#appended += text;
  }

  number(value: number): void {
    const number = this.#numberCount++;
    if (number === this.#values.length) this.#growNumbers();
    this.#values[number] = value;
    this.#starts[number] = this.#appended.length;
    this.#appended += formatNumber(value);
    this.#ends[number] = this.#appended.length;
  }

  get #length(): number {
    return this.#firstBytes[this.#firstAppended] as number;
  }

  /** Notes which numbers of a metric have changed; `false` when it cannot be compared. */
  #compare(index: number, metric: Metric, encoder: FamilyEncoder): boolean {
    const first = this.#firstNumbers[index] as number;
    if (encoder.hasSameNumbers?.(metric, this.#values, first)) return true;
    const count = (this.#firstNumbers[index + 1] as number) - first;
    // `#append()` has made room for as many.
    if (encoder.listNumbers(metric, numbers) !== count) return false;
    for (let offset = 0; offset < count; offset++) {
      const value = numbers[offset] as number;
      // `Object.is` but for zeros, which print alike.
      const old = this.#values[first + offset] as number;
      if (value === old || (Number.isNaN(value) && Number.isNaN(old))) continue;
      this.#values[first + offset] = value;
      this.#changed.push(first + offset);
    }
    return true;
  }

  #append(metric: Metric, encoder: FamilyEncoder): boolean {
    if (!encoder.encode(metric, this)) return false;
    const first = this.#firstNumbers[this.#identities.length] as number;
    const count = this.#numberCount - first;
    if (numbers.length < count) numbers = new Float64Array(count * 2);
    const canCompare = encoder.listNumbers(metric, numbers) === count;
    this.#identities.push(canCompare ? metric.identity : undefined);
    this.#firstNumbers.push(this.#numberCount);
    this.#firstBytes.push(this.#appended.length);
    this.#isFull = this.#length + this.#appended.length >= PAGE_BYTES;
    return true;
  }

  /** Forgets all metrics from `count` on. */
  #truncate(count: number): void {
    this.#patch();
    this.#identities.length = count;
    this.#firstNumbers.length = count + 1;
    this.#firstBytes.length = count + 1;
    this.#numberCount = this.#firstNumbers[count] as number;
    this.#firstAppended = Math.min(this.#firstAppended, count);
    this.#isFull = false;
  }

  /** Turns what has been appended into bytes. */
  #seal(): void {
    const text = this.#appended;
    if (text === "") return;
    const base = this.#length;
    this.#reserve(base + text.length * 3, base);
    const written = this.#bytes.write(text, base);
    const toBytes = written === text.length ? undefined : byteOffsets(text);
    const move = (offset: number) =>
      base + (toBytes === undefined ? offset : (toBytes[offset] as number));
    for (
      let number = this.#firstNumbers[this.#firstAppended] as number;
      number < this.#numberCount;
      number++
    ) {
      this.#starts[number] = move(this.#starts[number] as number);
      this.#ends[number] = move(this.#ends[number] as number);
    }
    for (let index = this.#firstAppended + 1; index <= this.#identities.length; index++) {
      this.#firstBytes[index] = move(this.#firstBytes[index] as number);
    }
    this.#appended = "";
    this.#firstAppended = this.#identities.length;
    this.#shrink();
  }

  /** Writes the numbers that have changed. */
  #patch(): void {
    const resized: number[] = [];
    for (const number of this.#changed) {
      const start = this.#starts[number] as number;
      const length = writeNumber(digits, 0, this.#values[number] as number);
      if (length !== (this.#ends[number] as number) - start) resized.push(number);
      else for (let at = 0; at < length; at++) this.#bytes[start + at] = digits[at] as number;
    }
    this.#changed.length = 0;
    if (resized.length > 0) this.#move(resized);
  }

  /** Writes numbers whose length has changed, and moves all that stands behind them. */
  #move(resized: readonly number[]): void {
    const source = this.#bytes;
    const first = resized[0] as number;
    const moved = this.#starts[first] as number;
    const room = this.#length - moved + resized.length * MAX_NUMBER_LENGTH;
    if (scratch.length < room) scratch = Buffer.allocUnsafeSlow(room * 2);
    const target = scratch;
    let from = moved;
    let to = 0;
    let next = 0;
    let shift = 0;
    let index = 1;
    for (let number = first; number < this.#numberCount; number++) {
      while (index < this.#firstNumbers.length && (this.#firstNumbers[index] as number) <= number) {
        this.#firstBytes[index] = (this.#firstBytes[index] as number) + shift;
        index++;
      }
      const start = this.#starts[number] as number;
      const end = this.#ends[number] as number;
      this.#starts[number] = start + shift;
      if (number === resized[next]) {
        to += source.copy(target, to, from, start);
        to = writeNumber(target, to, this.#values[number] as number);
        from = end;
        shift = moved + to - end;
        next++;
      }
      this.#ends[number] = end + shift;
    }
    const last = this.#identities.length;
    const length = this.#length;
    to += source.copy(target, to, from, length);
    for (; index <= last; index++)
      this.#firstBytes[index] = (this.#firstBytes[index] as number) + shift;
    this.#reserve(moved + to, moved);
    target.copy(this.#bytes, moved, 0, to);
  }

  /** Makes room for `length` bytes, of which the first `kept` are those that stand there. */
  #reserve(length: number, kept: number): void {
    if (length <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(length + SPARE_BYTES);
    this.#bytes.copy(bytes, 0, 0, kept);
    this.#bytes = bytes;
  }

  /** Gives back what was reserved for the worst case. */
  #shrink(): void {
    if (this.#bytes.length <= this.#length + 2 * SPARE_BYTES) return;
    const bytes = Buffer.allocUnsafeSlow(this.#length + SPARE_BYTES);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }

  #growNumbers(): void {
    this.#values = grown(this.#values, new Float64Array(this.#values.length * 2));
    this.#starts = grown(this.#starts, new Uint32Array(this.#starts.length * 2));
    this.#ends = grown(this.#ends, new Uint32Array(this.#ends.length * 2));
  }
}

function grown<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** For each UTF-16 code unit of a text the offset of its bytes in UTF-8. */
function byteOffsets(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1);
  let offset = 0;
  for (let index = 0; index < text.length; ) {
    const char = String.fromCodePoint(text.codePointAt(index) as number);
    offsets.fill(offset, index, index + char.length);
    offset += Buffer.byteLength(char);
    index += char.length;
  }
  offsets[text.length] = offset;
  return offsets;
}
