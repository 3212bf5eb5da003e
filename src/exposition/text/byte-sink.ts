import type { ChunkMemory } from "../chunk-memory.ts";
import type { BlockSink } from "../encoder.ts";
import type { Loan } from "../loan.ts";
import { formatNumber } from "../number.ts";

/**
 * The size at which a chunk is full, in UTF-16 code units or bytes. A string that is much longer lives
 * on the heap long enough to cost more in garbage collection than in encoding.
 */
export const CHUNK_LENGTH: number = 64 * 1_024;

/** The most bytes that UTF-8 takes for a UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Room for a full chunk with the metric that made it full, unless that is a large one. */
const CHUNK_CAPACITY = CHUNK_LENGTH + 40 * 1_024;

/** Collects text and whole blocks, and returns them as chunks of bytes. */
export class ByteSink implements BlockSink {
  readonly #memory: ChunkMemory;
  #text = "";
  isFull = false;
  /** Comes before the text. */
  #block: Uint8Array | undefined;

  constructor(memory: ChunkMemory) {
    this.#memory = memory;
  }

  get isEmpty(): boolean {
    return this.#block === undefined && this.#text === "";
  }

  text(text: string): void {
    this.#text += text;
    if (this.#text.length >= CHUNK_LENGTH) this.isFull = true;
  }

  number(value: number): void {
    this.#text += formatNumber(value);
  }

  block(bytes: Uint8Array, loan: Loan | undefined): void {
    if (loan !== undefined) this.#memory.borrow(loan);
    if (bytes.length === 0) return;
    this.#block = bytes;
    this.isFull = true;
  }

  /** Takes the next chunk: a block, or the bytes of all text since the last call. */
  take(): Uint8Array {
    const block = this.#block;
    this.isFull = false;
    if (block !== undefined) {
      this.#block = undefined;
      return block;
    }
    const text = this.#text;
    const isRoomy = text.length * MAX_BYTES_PER_UNIT <= CHUNK_CAPACITY;
    const length = isRoomy ? CHUNK_CAPACITY : Buffer.byteLength(text);
    const memory = this.#memory.take(Math.max(CHUNK_CAPACITY, length));
    // A lone surrogate becomes U+FFFD here: what we send is always valid UTF-8.
    const chunk = memory.subarray(0, memory.write(text));
    this.#memory.keep(chunk);
    this.#text = "";
    return chunk;
  }
}
