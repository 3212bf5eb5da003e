import type { Metric } from "../../model/metric-family.ts";
import type { RunReader, RunShape } from "../../model/metric-run.ts";
import type { FamilyEncoder, Written } from "../encoder.ts";
import type { Loan } from "../loan.ts";
import { BlockText } from "./block-text.ts";

/** Serves all blocks, because nothing in here is asynchronous. */
let numbers = new Float64Array(64);

/** What became of a metric: it has the entry now; its encoder skips it; or its text is different. */
export type Adoption = "adopted" | "skipped" | "different";

/**
 * A block of an exposition: some entries, each with its identity, and the bytes of all as they were
 * last sent. At the next scrape only the numbers that have changed are written. An entry is a
 * metric, or the preamble of a family.
 *
 * A walk calls `open()`; for each entry in order `isAt()`, then `update()`, `adopt()`, or `dropFrom()`
 * and an append; and `close()`.
 *
 * Hot path: `npm run bench` measures it.
 */
export class Block {
  /** Whether anything but numbers has changed since the block was opened. */
  isRewritten = false;
  /** The encoder of the first entry, which its identity depends on. */
  #encoder: FamilyEncoder | undefined;
  /** What identifies each entry; `undefined` for one that is encoded anew each time. */
  readonly #identities: unknown[] = [];
  readonly #text = new BlockText();

  /** The number of entries. */
  get count(): number {
    return this.#identities.length;
  }

  /** The bytes of the exposition; valid until the block is opened again, or while lent. */
  get bytes(): Uint8Array {
    return this.#text.bytes;
  }

  /** Lends the bytes to a response. */
  lend(): Loan {
    return this.#text.memory.lend();
  }

  /** Detaches the bytes that responses still send, if any; called when the block is dropped. */
  detach(): void {
    this.#text.memory.detach();
  }

  /** The bytes that were detached since the last call, if any. */
  takeDetached(): Loan | undefined {
    return this.#text.memory.takeDetached();
  }

  /** The memory that the block takes, in bytes. */
  get footprint(): number {
    return this.#text.footprint;
  }

  /** Whether the block holds `bytes`, or more. */
  holds(bytes: number): boolean {
    return this.#text.holds(bytes);
  }

  /** Whether the block starts with this entry. */
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

  /** Drops the entry at `index`, if there is one, and all behind it. */
  dropFrom(index: number): void {
    if (index < this.#identities.length) this.#truncate(index);
  }

  /** Appends the preamble of a family. */
  appendPreamble(encoder: FamilyEncoder): void {
    this.#text.text(encoder.preamble);
    this.#endEntry(encoder);
  }

  /** Appends a metric, unless the encoder skips it. */
  append(metric: Metric, encoder: FamilyEncoder): Written {
    const first = this.#text.numbers.count;
    const written = encoder.encode(metric, this.#text);
    if (written === false) return false;
    this.#endEntry(comparableIdentity(metric, encoder, this.#text.numbers.count - first));
    return written;
  }

  /**
   * Brings the entry at `index` up to date with its metric. `false` when they cannot be compared: then
   * the entry is dropped, and all behind it.
   */
  update(index: number, metric: Metric, encoder: FamilyEncoder): boolean {
    const first = this.#text.firstNumbers[index] as number; // The entry is there.
    if (encoder.hasSameNumbers(metric, this.#text.numbers.values, first)) return true;
    if (this.#compare(index, metric, encoder)) return true;
    this.#truncate(index);
    return false;
  }

  /**
   * Assigns the entry at `index` to a metric of another identity that has the same text: a collector may
   * fill a store anew for each scrape. Nothing changes when the text is different; that costs one
   * encoding a block, because the caller then drops the entry and all behind it.
   */
  adopt(index: number, metric: Metric, encoder: FamilyEncoder): Adoption {
    if (index >= this.#identities.length) return "different";
    // Without an identity it would be compared at every scrape, which costs more than encoding it.
    if (metric.identity === undefined || this.#identities[index] === undefined) return "different";
    const text = this.#text;
    // It is appended, compared, and taken back: while entries are ahead, nothing else is a draft.
    const end = text.numbers.count;
    const written = encoder.encode(metric, text);
    if (written === false) return "skipped";
    const count = text.numbers.count - end;
    const isSame = text.takeBack(index, end);
    // Of a metric that is written in part, the caller must learn why.
    if (!isSame || written !== true) return "different";
    const first = text.firstNumbers[index] as number; // The entry is there.
    text.numbers.note(first, count, text.numbers.values.subarray(end));
    this.#identities[index] = comparableIdentity(metric, encoder, count);
    return "adopted";
  }

  /** Lets `reader` bring the entries from `index` on up to date; returns how many it did. */
  readRun(index: number, reader: RunReader, encoder: FamilyEncoder, shape: RunShape): number {
    const { length } = this.#identities;
    if (index >= length || this.#identities[index] === undefined) return 0;
    const { firstNumbers, numbers } = this.#text;
    return reader.readRun({
      identities: this.#identities,
      firstNumbers,
      numbers: numbers.values,
      changed: numbers.changed,
      from: index,
      to: length,
      shape,
      compare: (entry, metric) => this.#compare(entry, metric, encoder),
    });
  }

  /** Ends a walk after `count` entries: the bytes are then those of a fresh encoding. */
  close(count: number): void {
    if (count < this.#identities.length) this.#truncate(count);
    this.#text.close();
  }

  /** Notes which numbers of a metric have changed; `false` when it cannot be compared. */
  #compare(index: number, metric: Metric, encoder: FamilyEncoder): boolean {
    const count = this.#text.numberCountOf(index);
    // `append()` has made room for as many.
    if (encoder.listNumbers(metric, numbers) !== count) return false;
    const first = this.#text.firstNumbers[index] as number; // The entry is there.
    this.#text.numbers.note(first, count, numbers);
    return true;
  }

  #endEntry(identity: unknown): void {
    this.isRewritten = true;
    this.#identities.push(identity);
    this.#text.endEntry();
  }

  /** Drops all entries from `count` on. */
  #truncate(count: number): void {
    this.isRewritten = true;
    this.#identities.length = count;
    this.#text.truncate(count);
  }
}

/** The identity of a metric whose numbers can be listed; `count` is how many it has. */
function comparableIdentity(metric: Metric, encoder: FamilyEncoder, count: number): unknown {
  if (numbers.length < count) numbers = new Float64Array(count * 2);
  return encoder.listNumbers(metric, numbers) === count ? metric.identity : undefined;
}
