import type { ChunkMemory } from "../chunk-memory.ts";
import type { TextSink } from "../encoder.ts";
import { formatNumber } from "../number.ts";

/**
 * The size from which on a chunk takes no more, in UTF-16 code units or bytes. A string that is much
 * longer lives on the heap long enough to cost more in garbage collection than in encoding.
 */
export const CHUNK_LENGTH: number = 64 * 1_024;

/** The most bytes that UTF-8 takes for a UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Room for a full chunk with the metric that made it full, if that is no large one. */
const CHUNK_CAPACITY = CHUNK_LENGTH + 40 * 1_024;

/** Collects text, and gives it out as chunks of bytes. */
export class ByteSink implements TextSink {
  readonly #memory: ChunkMemory;
  #text = "";

  constructor(memory: ChunkMemory) {
    this.#memory = memory;
  }

  get isFull(): boolean {
    return this.#text.length >= CHUNK_LENGTH;
  }

  get isEmpty(): boolean {
    return this.#text === "";
  }

  text(text: string): void {
    this.#text += text;
  }

  number(value: number): void {
    this.#text += formatNumber(value);
  }

  /** Takes the bytes of all that was written since the last call. */
  take(): Uint8Array {
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
