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
  #memory: SharedNumbers | undefined;
  #isKnown = false;

  /** Returns where the numbers of a snapshot may be written; `send()` must follow before the next call. */
  allocate(count: number): Float64Array {
    if (this.#memory !== undefined && Atomics.load(this.#memory.cell, 0) === FULL)
      return new Float64Array(count);
    const capacity = this.#memory?.numbers.length ?? 0;
    const isWasted = capacity > MIN_CAPACITY && capacity > MAX_SPARE * count;
    if (this.#memory === undefined || capacity < count || isWasted) {
      const size = Math.max(MIN_CAPACITY, Math.ceil(count * GROWTH));
      const bytes = HEAD_BYTES + size * Float64Array.BYTES_PER_ELEMENT;
      this.#memory = viewsOf(new SharedArrayBuffer(bytes));
      this.#isKnown = false;
    }
    return this.#memory.numbers.subarray(0, count);
  }

  /** Describes numbers that `allocate()` has returned, for the receiver. */
  send({ buffer, length: count }: Float64Array): SentNumbers {
    const shared = this.#memory;
    // Cast: where it is not the shared memory, it was allocated for these numbers.
    if (buffer !== shared?.numbers.buffer) return { count, own: buffer as ArrayBuffer };
    Atomics.store(shared.cell, 0, FULL);
    const isKnown = this.#isKnown;
    this.#isKnown = true;
    return isKnown ? { count } : { count, shared: shared.numbers.buffer };
  }
}

/** The end that takes numbers, in the order in which they were sent. */
export class NumbersReader {
  #memory: SharedNumbers | undefined;

  /** Returns numbers that nothing writes to any more. */
  take({ count, own, shared }: SentNumbers): Float64Array {
    if (own !== undefined) return new Float64Array(own, 0, count);
    if (shared !== undefined) this.#memory = viewsOf(shared);
    if (this.#memory === undefined) throw new Error("No memory has been sent");
    const { cell, numbers } = this.#memory;
    const taken = numbers.slice(0, count);
    Atomics.store(cell, 0, EMPTY);
    return taken;
  }
}

/** What is in the memory. */
interface SharedNumbers {
  readonly cell: Int32Array;
  readonly numbers: Float64Array<SharedArrayBuffer>;
}

function viewsOf(memory: SharedArrayBuffer): SharedNumbers {
  return { cell: new Int32Array(memory, 0, 1), numbers: new Float64Array(memory, HEAD_BYTES) };
}
