import type { TextSink } from "../encoder.ts";
import { BlockMemory } from "./block-memory.ts";
import { BlockNumbers, grown } from "./block-numbers.ts";

/** What a block keeps of each entry, in bytes: its identity, its first number, the gap before it. */
const BYTES_PER_ENTRY = 8 + 4 + 4;

/** One for all blocks, because nothing here is asynchronous. */
let scratch: Buffer = Buffer.alloc(0);

// Every index below is that of an entry of the block, so what is read there is a number. The casts
// avoid a check in a hot path.

/**
 * The text of the entries of a block. What is appended is a draft until `close()` turns it into bytes.
 */
export class BlockText implements TextSink {
  readonly memory: BlockMemory = new BlockMemory();
  readonly numbers: BlockNumbers = new BlockNumbers();
  /** For each entry its first number; one more for the end of the last. */
  firstNumbers: Uint32Array = new Uint32Array(8);
  /**
   * How far each entry begins behind the number before it, in bytes, so that it stays valid when
   * numbers grow. For a draft, how far behind the start of the draft.
   */
  #gaps: Uint32Array = new Uint32Array(8);
  #count = 0;
  /** How many of the entries are bytes, and how many bytes they are. */
  #closedCount = 0;
  #length = 0;
  #draft = "";

  /** The bytes of all entries; what is still a draft is not among them. */
  get bytes(): Uint8Array {
    return this.memory.bytes.subarray(0, this.#length);
  }

  /** The memory that the block takes, in bytes. */
  get footprint(): number {
    const entries = this.#gaps.length * BYTES_PER_ENTRY;
    return this.memory.bytes.length + this.numbers.footprint + entries;
  }

  /** Whether there are `length` bytes, or more. */
  holds(length: number): boolean {
    return this.#length + this.#draft.length >= length;
  }

  /** The number of numbers of an entry. */
  numberCountOf(entry: number): number {
    return (this.firstNumbers[entry + 1] as number) - (this.firstNumbers[entry] as number);
  }

  text(text: string): void {
    this.#draft += text;
  }

  number(value: number): void {
    this.#draft += this.numbers.add(value, this.#draft.length);
  }

  /** Ends the entry that was appended. */
  endEntry(): void {
    const count = ++this.#count;
    if (count === this.#gaps.length) this.#grow();
    this.firstNumbers[count] = this.numbers.count;
    this.#gaps[count] = this.#draft.length;
  }

  /**
   * Takes back what was appended and not ended; nothing else may be a draft. Tells whether its text is
   * that of `entry`. Its numbers begin at `drafted`, and stay among the values.
   */
  takeBack(entry: number, drafted: number): boolean {
    const isSame = this.#hasDraftOf(entry, drafted);
    this.numbers.count = drafted;
    this.#draft = "";
    return isSame;
  }

  /** Drops all entries from `count` on; none of them may be a draft. */
  truncate(count: number): void {
    this.#length = this.numbers.write(this.memory, this.#length);
    this.#count = count;
    if (count < this.#closedCount) {
      this.#length = this.#startOf(count);
      this.#closedCount = count;
    }
    this.numbers.count = this.firstNumbers[count] as number;
  }

  /** Turns the draft into bytes, and writes the numbers that have changed. */
  close(): void {
    if (this.#draft !== "") this.#closeDraft();
    this.#length = this.numbers.write(this.memory, this.#length);
  }

  /** Where an entry that is bytes begins. */
  #startOf(entry: number): number {
    const number = this.firstNumbers[entry] as number;
    return this.numbers.endOf(number - 1) + (this.#gaps[entry] as number);
  }

  #hasDraftOf(entry: number, drafted: number): boolean {
    const { numbers } = this;
    const draft = this.#draft;
    const { bytes } = this.memory;
    const first = this.firstNumbers[entry] as number;
    const count = this.numberCountOf(entry);
    if (numbers.count - drafted !== count) return false;
    const length = Buffer.byteLength(draft);
    if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length * 2);
    // As bytes, because a lone surrogate is U+FFFD there.
    scratch.write(draft);
    const toBytes = length === draft.length ? undefined : byteOffsets(draft);
    let from = 0;
    let keptFrom = this.#startOf(entry);
    // The text before each number, and that behind the last.
    for (let offset = 0; offset < count; offset++) {
      const start = numbers.startOf(drafted + offset);
      const to = toBytes === undefined ? start : (toBytes[start] as number);
      const keptTo = numbers.startOf(first + offset);
      if (scratch.compare(bytes, keptFrom, keptTo, from, to) !== 0) return false;
      from = to + numbers.endOf(drafted + offset) - start;
      keptFrom = numbers.endOf(first + offset);
    }
    return scratch.compare(bytes, keptFrom, this.#startOf(entry + 1), from, length) === 0;
  }

  #closeDraft(): void {
    const { numbers } = this;
    const draft = this.#draft;
    const base = this.#length;
    const length = Buffer.byteLength(draft);
    this.memory.writable(base, base + length).write(draft, base);
    const toBytes = length === draft.length ? undefined : byteOffsets(draft);
    const byteAt = (offset: number) =>
      base + (toBytes === undefined ? offset : (toBytes[offset] as number));
    numbers.place(this.firstNumbers[this.#closedCount] as number, byteAt);
    for (let entry = this.#closedCount + 1; entry <= this.#count; entry++) {
      const before = (this.firstNumbers[entry] as number) - 1;
      this.#gaps[entry] = byteAt(this.#gaps[entry] as number) - numbers.endOf(before);
    }
    this.#draft = "";
    this.#closedCount = this.#count;
    this.#length = base + length;
  }

  #grow(): void {
    const { length } = this.#gaps;
    this.firstNumbers = grown(this.firstNumbers, new Uint32Array(length * 2));
    this.#gaps = grown(this.#gaps, new Uint32Array(length * 2));
  }
}

/** For each UTF-16 code unit of a text, and for its end, the offset of its bytes in UTF-8. */
function byteOffsets(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1);
  let offset = 0;
  for (let index = 0; index < text.length; ) {
    const char = String.fromCodePoint(text.codePointAt(index) as number); // index < length
    offsets.fill(offset, index, index + char.length);
    offset += Buffer.byteLength(char);
    index += char.length;
  }
  offsets[text.length] = offset;
  return offsets;
}
