import type { ChunkMemory } from "./chunk-memory.ts";
import type { TextSink } from "./encoder.ts";
import { formatNumber } from "./number.ts";

/**
 * The size from which on a chunk takes no more, in UTF-16 code units or bytes. A string that is much
 * longer lives on the heap long enough to cost more in garbage collection than in encoding.
 */
export const CHUNK_LENGTH: number = 64 * 1_024;

/** The most bytes that UTF-8 takes for a UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Room for a full chunk with the page or the metric that made it full, if that is no large one. */
const CHUNK_CAPACITY = CHUNK_LENGTH + 40 * 1_024;

/** Collects text and bytes, and gives them out as chunks. */
export class ByteSink implements TextSink {
  readonly #memory: ChunkMemory;
  #text = "";
  #bytes: Buffer | undefined;
  #length = 0;

  constructor(memory: ChunkMemory) {
    this.#memory = memory;
  }

  get isFull(): boolean {
    return this.#length + this.#text.length >= CHUNK_LENGTH;
  }

  get isEmpty(): boolean {
    return this.#length + this.#text.length === 0;
  }

  text(text: string): void {
    this.#text += text;
  }

  number(value: number): void {
    this.#text += formatNumber(value);
  }

  /** Adds a copy of bytes. */
  bytes(bytes: Uint8Array): void {
    this.#endText();
    this.#roomFor(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Takes the bytes of all that was written since the last call. */
  take(): Uint8Array {
    this.#endText();
    const chunk = this.#roomFor(0).subarray(0, this.#length);
    this.#memory.keep(chunk);
    this.#bytes = undefined;
    this.#length = 0;
    return chunk;
  }

  #endText(): void {
    const text = this.#text;
    if (text === "") return;
    const { length } = text;
    const room = CHUNK_CAPACITY - this.#length;
    const isRoomy = length * MAX_BYTES_PER_UNIT <= room;
    const bytes = this.#roomFor(isRoomy ? 0 : Buffer.byteLength(text));
    // A lone surrogate becomes U+FFFD here: what we send is always valid UTF-8.
    this.#length += bytes.write(text, this.#length);
    this.#text = "";
  }

  #roomFor(length: number): Buffer {
    const needed = this.#length + length;
    const bytes = this.#bytes ?? this.#memory.take(Math.max(CHUNK_CAPACITY, needed));
    this.#bytes = bytes.length >= needed ? bytes : grown(bytes, this.#length, needed);
    return this.#bytes;
  }
}

/** A label set may be of any size. */
function grown(bytes: Buffer, kept: number, length: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(length);
  bytes.copy(larger, 0, 0, kept);
  return larger;
}
