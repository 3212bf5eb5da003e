import type { Metric } from "../model/metric-family.ts";
import type { RunReader, RunShape } from "../model/metric-run.ts";
import { byteOffsets } from "./byte-offsets.ts";
import type { FamilyEncoder, TextSink } from "./encoder.ts";
import { Loan } from "./loan.ts";
import { formatNumber, MAX_NUMBER_LENGTH, writeNumber } from "./number.ts";

/**
 * The size from which on a page takes no more, in bytes. Small enough that a number which gets
 * longer moves little, large enough that a page costs little beside its bytes.
 */
export const PAGE_BYTES: number = 32 * 1_024;

/** Room for the last metric of a page, and for numbers to get longer. */
const SPARE_BYTES = 4 * 1_024;

/** The memory of almost every page; one for all, so that pages can exchange theirs. */
const PAGE_CAPACITY = PAGE_BYTES + SPARE_BYTES;

/** What a page notes of each number (its value, start and length) and of each entry. */
const BYTES_PER_NUMBER = 8 + 4 + 1;
const BYTES_PER_ENTRY = 8 + 4 + 4;

// One of each serves all pages: nothing in here is asynchronous.
let numbers = new Float64Array(64);
const digits = new Uint8Array(MAX_NUMBER_LENGTH);
let scratch: Buffer = Buffer.alloc(0);

// Every index below comes from the page's own counts, so what it reads is there: the casts to
// `number` say so without a check in a hot path.

/** What became of a metric: it is on the page; its encoder left it out; or it is another than that. */
export type Adoption = "done" | "left out" | "another";

/**
 * A page of an exposition: the bytes of some entries as they were last sent, and where each number
 * stands in them. At the next scrape only the numbers that have changed are written. An entry is a
 * metric, or the head of a family.
 *
 * Entries are walked in order: `open()`; for each `isAt()`, then `update()`, `adopt()`, or
 * `forgetFrom()` and an append; `close()`.
 *
 * Hot path: `npm run bench` guards it.
 */
export class Page implements TextSink {
  /** Whether anything but numbers has changed since the page was opened. */
  isRewritten = false;
  /** The encoder of the first entry, without which its identity means nothing. */
  #encoder: FamilyEncoder | undefined;
  /** What identifies each entry; `undefined` for one that must be encoded anew each time. */
  readonly #identities: unknown[] = [];
  /** For each entry its first number and its first byte; one more for the end of the last. */
  #firstNumbers: Uint32Array = new Uint32Array(8);
  #firstBytes: Uint32Array = new Uint32Array(8);
  #bytes: Buffer = Buffer.alloc(0);
  /** Who sends the bytes; present once they have been lent. */
  #loan: Loan | undefined;
  /** The bytes that were left to their borrowers, until `takeLeft()`. */
  #left: Loan | undefined;
  #values: Float64Array = new Float64Array(64);
  /** Where each number begins in the bytes, and how long it is. */
  #starts: Uint32Array = new Uint32Array(64);
  #lengths: Uint8Array = new Uint8Array(64);
  #numberCount = 0;
  /** The numbers that differ from their bytes, in order. */
  readonly #changed: number[] = [];
  /** What has been appended and is not yet bytes; offsets in it count from the last byte on. */
  #appended = "";
  #firstAppended = 0;

  /** The number of entries. */
  get count(): number {
    return this.#identities.length;
  }

  /** The bytes of the exposition; they are valid until the page is opened again, or while lent. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Lends the bytes to a response. */
  lend(): Loan {
    this.#loan ??= new Loan(this.#bytes.length);
    return this.#loan.lend();
  }

  /** Leaves the bytes to those who send them, if anybody does: the page itself is given up. */
  leave(): void {
    if (this.#loan?.isLent) this.#left = this.#loan;
  }

  /** The bytes that the page has left to others since the last call, if there are any. */
  takeLeft(): Loan | undefined {
    const left = this.#left;
    this.#left = undefined;
    return left;
  }

  /** The memory that the page takes, in bytes. */
  get footprint(): number {
    return (
      this.#bytes.length +
      this.#values.length * BYTES_PER_NUMBER +
      this.#firstBytes.length * BYTES_PER_ENTRY
    );
  }

  /** Whether the page holds `bytes`, or more. */
  holds(bytes: number): boolean {
    return this.#length + this.#appended.length >= bytes;
  }

  /** Whether the page starts with this entry. */
  startsWith(identity: unknown, encoder: FamilyEncoder): boolean {
    return identity !== undefined && this.#identities[0] === identity && this.#encoder === encoder;
  }

  /** The identity and the encoder of the first entry. */
  get start(): readonly [identity: unknown, encoder: FamilyEncoder | undefined] {
    return [this.#identities[0], this.#encoder];
  }

  /** Begins a walk, whose first entry belongs to `encoder`. */
  open(encoder: FamilyEncoder): void {
    if (this.#encoder !== encoder) this.#truncate(0);
    this.#encoder = encoder;
    this.isRewritten = this.count === 0;
  }

  /** Tells whether the entry at `index` is this one. */
  isAt(index: number, identity: unknown): boolean {
    if (index >= this.#identities.length) return false;
    return identity !== undefined && identity === this.#identities[index];
  }

  /** Forgets the entry at `index`, if there is one, and all behind it. */
  forgetFrom(index: number): void {
    if (index < this.#identities.length) this.#truncate(index);
  }

  /** Appends the head of a family. */
  appendHead(encoder: FamilyEncoder): void {
    this.#appended += encoder.head;
    this.#endEntry(encoder);
  }

  /** Appends a metric; `false` when the encoder leaves it out. */
  append(metric: Metric, encoder: FamilyEncoder): boolean {
    const first = this.#numberCount;
    if (!encoder.encode(metric, this)) return false;
    this.#endEntry(comparableIdentity(metric, encoder, this.#numberCount - first));
    return true;
  }

  /**
   * Brings the metric at `index`, which it must be, up to date. `false` when it cannot be compared:
   * then it is forgotten, and all behind it.
   */
  update(index: number, metric: Metric, encoder: FamilyEncoder): boolean {
    const first = this.#firstNumbers[index] as number;
    if (encoder.hasSameNumbers(metric, this.#values, first)) return true;
    if (this.#compare(index, metric, encoder)) return true;
    this.#truncate(index);
    return false;
  }

  /**
   * Brings the entry at `index` up to date with a metric of another identity that has the same text:
   * a collector may fill a store anew for each scrape. Nothing changes where the text is another;
   * that costs one metric a page, because what stands behind it is then forgotten.
   */
  adopt(index: number, metric: Metric, encoder: FamilyEncoder): Adoption {
    // Without an identity it would be compared at every scrape, which costs more than to encode it.
    if (metric.identity === undefined || this.#identities[index] === undefined) return "another";
    // It is appended, looked at, and taken back: nothing else is, while the walk has entries ahead.
    const end = this.#numberCount;
    if (!encoder.encode(metric, this)) return "left out";
    const count = this.#numberCount - end;
    const hasSameText = this.#hasAppendedTextOf(index, end);
    this.#numberCount = end;
    this.#appended = "";
    if (!hasSameText) return "another";
    this.#note(this.#firstNumbers[index] as number, count, this.#values.subarray(end));
    this.#identities[index] = comparableIdentity(metric, encoder, count);
    return "done";
  }

  /** Lets `reader` bring the entries from `index` on up to date; tells how many it did. */
  readRun(index: number, reader: RunReader, encoder: FamilyEncoder, shape: RunShape): number {
    const { length } = this.#identities;
    if (index >= length || this.#identities[index] === undefined) return 0;
    return reader.readRun({
      identities: this.#identities,
      firstNumbers: this.#firstNumbers,
      numbers: this.#values,
      changed: this.#changed,
      from: index,
      to: length,
      shape,
      compare: (entry, metric) => this.#compare(entry, metric, encoder),
    });
  }

  /** Ends a walk after `count` entries: the bytes are then those of a fresh encoding. */
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
    const text = formatNumber(value);
    this.#starts[number] = this.#appended.length;
    this.#lengths[number] = text.length;
    this.#appended += text;
  }

  get #length(): number {
    return this.#firstBytes[this.#firstAppended] as number;
  }

  /** Notes which numbers of a metric have changed; `false` when it cannot be compared. */
  #compare(index: number, metric: Metric, encoder: FamilyEncoder): boolean {
    const first = this.#firstNumbers[index] as number;
    const count = (this.#firstNumbers[index + 1] as number) - first;
    // `append()` has made room for as many.
    if (encoder.listNumbers(metric, numbers) !== count) return false;
    this.#note(first, count, numbers);
    return true;
  }

  /** Tells whether what was appended has the text of an entry; its numbers begin at `drafted`. */
  #hasAppendedTextOf(index: number, drafted: number): boolean {
    const text = this.#appended;
    const first = this.#firstNumbers[index] as number;
    const count = (this.#firstNumbers[index + 1] as number) - first;
    if (this.#numberCount - drafted !== count) return false;
    const length = Buffer.byteLength(text);
    if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(capacityFor(length));
    // As bytes, because a lone surrogate is U+FFFD there.
    scratch.write(text);
    const toBytes = length === text.length ? undefined : byteOffsets(text);
    let from = 0;
    let own = this.#firstBytes[index] as number;
    // The text before each number, and that behind the last.
    for (let offset = 0; offset < count; offset++) {
      const start = this.#starts[drafted + offset] as number;
      const to = toBytes === undefined ? start : (toBytes[start] as number);
      const ownTo = this.#starts[first + offset] as number;
      if (scratch.compare(this.#bytes, own, ownTo, from, to) !== 0) return false;
      from = to + (this.#lengths[drafted + offset] as number);
      own = ownTo + (this.#lengths[first + offset] as number);
    }
    const ownEnd = this.#firstBytes[index + 1] as number;
    return scratch.compare(this.#bytes, own, ownEnd, from, length) === 0;
  }

  /** Notes which of the numbers from `first` on have changed. */
  #note(first: number, count: number, fresh: Float64Array): void {
    for (let offset = 0; offset < count; offset++) {
      const value = fresh[offset] as number;
      // `Object.is` but for zeros, which print alike.
      const old = this.#values[first + offset] as number;
      if (value === old || (Number.isNaN(value) && Number.isNaN(old))) continue;
      this.#values[first + offset] = value;
      this.#changed.push(first + offset);
    }
  }

  #endEntry(identity: unknown): void {
    this.isRewritten = true;
    const count = this.#identities.push(identity);
    if (count === this.#firstBytes.length) this.#growEntries();
    this.#firstNumbers[count] = this.#numberCount;
    this.#firstBytes[count] = this.#appended.length;
  }

  /** Forgets all entries from `count` on. */
  #truncate(count: number): void {
    this.#patch();
    this.isRewritten = true;
    this.#identities.length = count;
    this.#numberCount = this.#firstNumbers[count] as number;
    this.#firstAppended = Math.min(this.#firstAppended, count);
  }

  /** Turns what has been appended into bytes. */
  #seal(): void {
    const text = this.#appended;
    if (text === "") return;
    this.#own();
    const base = this.#length;
    const length = Buffer.byteLength(text);
    this.#reserve(base + length, base);
    this.#bytes.write(text, base);
    const toBytes = length === text.length ? undefined : byteOffsets(text);
    const move = (offset: number) =>
      base + (toBytes === undefined ? offset : (toBytes[offset] as number));
    const { length: count } = this.#identities;
    const firstNumber = this.#firstNumbers[this.#firstAppended] as number;
    for (let number = firstNumber; number < this.#numberCount; number++) {
      this.#starts[number] = move(this.#starts[number] as number);
    }
    for (let index = this.#firstAppended + 1; index <= count; index++) {
      this.#firstBytes[index] = move(this.#firstBytes[index] as number);
    }
    this.#appended = "";
    this.#firstAppended = count;
  }

  /** Writes the numbers that have changed. */
  #patch(): void {
    if (this.#changed.length === 0) return;
    this.#own();
    const resized: number[] = [];
    for (const number of this.#changed) {
      const start = this.#starts[number] as number;
      const length = writeNumber(digits, 0, this.#values[number] as number);
      if (length !== this.#lengths[number]) resized.push(number);
      else for (let at = 0; at < length; at++) this.#bytes[start + at] = digits[at] as number;
    }
    this.#changed.length = 0;
    if (resized.length > 0) this.#move(resized);
  }

  /** Writes numbers whose length has changed, and moves all that stands behind them. */
  #move(resized: readonly number[]): void {
    const source = this.#bytes;
    const end = this.#length;
    const room = end + resized.length * MAX_NUMBER_LENGTH;
    if (scratch.length < room) scratch = Buffer.allocUnsafeSlow(capacityFor(room));
    const target = scratch;
    const { length: count } = this.#identities;
    let from = 0;
    let to = 0;
    let next = 0;
    let shift = 0;
    let index = 1;
    for (let number = 0; number < this.#numberCount; number++) {
      for (; index < count && (this.#firstNumbers[index] as number) <= number; index++) {
        this.#firstBytes[index] = (this.#firstBytes[index] as number) + shift;
      }
      const start = this.#starts[number] as number;
      this.#starts[number] = start + shift;
      if (number !== resized[next]) continue;
      next++;
      to += source.copy(target, to, from, start);
      from = start + (this.#lengths[number] as number);
      const written = writeNumber(target, to, this.#values[number] as number);
      this.#lengths[number] = written - to;
      to = written;
      shift = to - from;
    }
    to += source.copy(target, to, from, end);
    for (; index <= count; index++) {
      this.#firstBytes[index] = (this.#firstBytes[index] as number) + shift;
    }
    if (target.length === source.length) {
      this.#bytes = target;
      scratch = source;
    } else {
      this.#reserve(to, 0);
      target.copy(this.#bytes, 0, 0, to);
    }
  }

  /** Goes on with a copy of the bytes, where they are lent. */
  #own(): void {
    if (this.#loan === undefined || this.#loan.isFree) return;
    this.leave();
    this.#loan = undefined;
    const bytes = Buffer.allocUnsafeSlow(this.#bytes.length);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }

  /** Makes room for `length` bytes, of which the first `kept` are those that stand there. */
  #reserve(length: number, kept: number): void {
    if (length <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(capacityFor(length));
    this.#bytes.copy(bytes, 0, 0, kept);
    this.#bytes = bytes;
    this.#loan = undefined;
  }

  #growNumbers(): void {
    this.#values = grown(this.#values, new Float64Array(this.#values.length * 2));
    this.#starts = grown(this.#starts, new Uint32Array(this.#starts.length * 2));
    this.#lengths = grown(this.#lengths, new Uint8Array(this.#lengths.length * 2));
  }

  #growEntries(): void {
    const { length } = this.#firstBytes;
    this.#firstNumbers = grown(this.#firstNumbers, new Uint32Array(length * 2));
    this.#firstBytes = grown(this.#firstBytes, new Uint32Array(length * 2));
  }
}

/** The identity of a metric whose numbers can be listed; `count` is how many it has. */
function comparableIdentity(metric: Metric, encoder: FamilyEncoder, count: number): unknown {
  if (numbers.length < count) numbers = new Float64Array(count * 2);
  return encoder.listNumbers(metric, numbers) === count ? metric.identity : undefined;
}

function capacityFor(length: number): number {
  return length <= PAGE_CAPACITY ? PAGE_CAPACITY : length + SPARE_BYTES;
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
