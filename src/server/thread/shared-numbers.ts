/**
 * The numbers of snapshots, in memory that two threads share.
 *
 * One memory holds the numbers of one snapshot: its first cell says whether the receiver has yet to take them. A
 * sender that comes before that, because the receiver is slow, sends the numbers with the message instead. So
 * nobody waits, and nothing is written that is being read.
 */
import type { SentNumbers } from "./messages.ts";

/** The cell, and as much beside it as keeps numbers aligned. */
const HEAD_BYTES = 8;

const EMPTY = 0;
const FULL = 1;

/** Makes room for numbers to come: series are added one by one. */
const GROWTH = 1.25;

/** From this many times of what is needed on, memory is given back. */
const MAX_SPARE = 4;

/** Less is not worth being given back, in numbers. */
const MIN_CAPACITY = 1_024;

/** The end that writes numbers. */
export class NumbersWriter {
  #memory: SharedArrayBuffer | undefined;
  #isKnown = false;

  /** Returns where the numbers of a snapshot may be written; `send()` must follow before the next call. */
  allocate(count: number): Float64Array {
    if (this.#memory !== undefined && cellOf(this.#memory)[0] === FULL)
      return new Float64Array(count);
    const capacity = this.#memory === undefined ? 0 : capacityOf(this.#memory);
    const isWasted = capacity > MIN_CAPACITY && capacity > MAX_SPARE * count;
    if (this.#memory === undefined || capacity < count || isWasted) {
      const size = Math.max(MIN_CAPACITY, Math.ceil(count * GROWTH));
      this.#memory = new SharedArrayBuffer(HEAD_BYTES + size * Float64Array.BYTES_PER_ELEMENT);
      this.#isKnown = false;
    }
    return new Float64Array(this.#memory, HEAD_BYTES, count);
  }

  /** Describes numbers that `allocate()` has returned, for the receiver. */
  send({ buffer, length: count }: Float64Array): SentNumbers {
    // Cast: where it is not the shared memory, it was allocated for these numbers.
    if (buffer !== this.#memory) return { count, own: buffer as ArrayBuffer };
    Atomics.store(cellOf(this.#memory), 0, FULL);
    const isKnown = this.#isKnown;
    this.#isKnown = true;
    return isKnown ? { count } : { count, shared: this.#memory };
  }
}

/** The end that takes numbers, in the order in which they were sent. */
export class NumbersReader {
  #memory: SharedArrayBuffer | undefined;

  /** Returns numbers that nothing writes to any more. */
  take({ count, own, shared = this.#memory }: SentNumbers): Float64Array {
    if (own !== undefined) return new Float64Array(own, 0, count);
    if (shared === undefined) throw new Error("No memory has been sent");
    this.#memory = shared;
    const numbers = new Float64Array(shared, HEAD_BYTES, count).slice();
    Atomics.store(cellOf(shared), 0, EMPTY);
    return numbers;
  }
}

function cellOf(memory: SharedArrayBuffer): Int32Array {
  return new Int32Array(memory, 0, 1);
}

function capacityOf({ byteLength }: SharedArrayBuffer): number {
  return (byteLength - HEAD_BYTES) / Float64Array.BYTES_PER_ELEMENT;
}
