import type { Loan } from "../loan.ts";
import { Block } from "./block.ts";
import { BLOCK_BYTES } from "./block-memory.ts";

/**
 * The memory that is reserved for a block before it is written, in bytes: more than almost any block takes.
 * Writing a block only to drop it cost a scrape of 1,000 lines in two formats 12 %, each time.
 */
const RESERVED_BYTES = 2 * BLOCK_BYTES;

/** The place of a block in its list. */
export interface Slot {
  readonly block: Block;
  previous: Slot | undefined;
  next: Slot | undefined;
  /** The memory that is accounted for, in bytes. */
  footprint: number;
  /** Whether the block is kept; another walk may have dropped it. */
  isKept: boolean;
  /** Whether a walk is in the block; another walk must not open it. */
  isOpen: boolean;
}

/** The blocks of one selection of families, in the order of their bytes. */
export class BlockList {
  /** Whether no scrape has asked for them since the last look. */
  isIdle = false;
  /** The first block. */
  first: Slot | undefined;
  readonly #take: (change: number) => boolean;
  #isClosed = false;

  /** @param take Asks for memory; `false` when there is none. Returning it always succeeds. */
  constructor(take: (change: number) => boolean) {
    this.#take = take;
  }

  /** Inserts an empty block behind another, or first; `undefined` without memory for it. */
  insertAfter(previous: Slot | undefined): Slot | undefined {
    if (this.#isClosed || !this.#takeBehind(previous, RESERVED_BYTES)) return undefined;
    const next = previous === undefined ? this.first : previous.next;
    const footprint = RESERVED_BYTES;
    const slot: Slot = {
      block: new Block(),
      previous,
      next,
      footprint,
      isKept: true,
      isOpen: false,
    };
    this.#link(previous, slot);
    if (next !== undefined) next.previous = slot;
    return slot;
  }

  /**
   * Accounts for a block that has been walked, and for bytes of it that responses still send. Without
   * memory for it, drops it and returns `false`.
   */
  keep(slot: Slot): boolean {
    const { footprint } = slot.block;
    const hasMemory = this.#takeBehind(slot, footprint - slot.footprint);
    if (hasMemory) slot.footprint = footprint;
    const detached = slot.block.takeDetached();
    if (hasMemory && this.#accountFor(detached, (change) => this.#takeBehind(slot, change)))
      return true;
    this.drop(slot);
    return false;
  }

  /** Drops a block. Bytes that responses still send are accounted for until those are done. */
  drop(slot: Slot): void {
    slot.isKept = false;
    this.#take(-slot.footprint);
    slot.block.detach();
    this.#accountFor(slot.block.takeDetached(), this.#take);
    this.#link(slot.previous, slot.next);
    if (slot.next !== undefined) slot.next.previous = slot.previous;
  }

  /** Drops all blocks behind `slot`, or all. */
  dropAfter(slot: Slot | undefined): void {
    for (;;) {
      const next = slot === undefined ? this.first : slot.next;
      if (next === undefined) return;
      this.drop(next);
    }
  }

  /** Drops all blocks and takes no more: a walk may still hold the list. */
  close(): void {
    this.#isClosed = true;
    this.dropAfter(undefined);
  }

  /**
   * Asks for memory, and drops the last blocks for it if needed. What is kept must stay without a gap,
   * because everything behind a gap is encoded anew.
   */
  #takeBehind(slot: Slot | undefined, change: number): boolean {
    while (!this.#take(change)) {
      let last = slot === undefined ? this.first : slot.next;
      if (last === undefined) return false;
      while (last.next !== undefined) last = last.next;
      this.drop(last);
    }
    return true;
  }

  /** Accounts for bytes until their responses are done; `false` without memory for them. */
  #accountFor(detached: Loan | undefined, take: (change: number) => boolean): boolean {
    if (detached === undefined) return true;
    if (!take(detached.length)) return false;
    detached.onReturned(() => this.#take(-detached.length));
    return true;
  }

  #link(previous: Slot | undefined, slot: Slot | undefined): void {
    if (previous === undefined) this.first = slot;
    else previous.next = slot;
  }
}
