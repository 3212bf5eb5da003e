import type { Loan } from "../loan.ts";
import { Page } from "./block.ts";
import { PAGE_BYTES } from "./block-memory.ts";

/**
 * What is taken for a page before it is written, in bytes: more than almost any page takes. To write
 * one and have to drop it cost a scrape of 1,000 lines in two formats 12 %, each time.
 */
const RESERVED_BYTES = 2 * PAGE_BYTES;

/** The place of a page in its list. */
export interface Slot {
  readonly page: Page;
  previous: Slot | undefined;
  next: Slot | undefined;
  /** The memory that is accounted for, in bytes. */
  footprint: number;
  /** Whether the page is kept; another walk may have dropped it. */
  isKept: boolean;
}

/** The pages of one selection of families, in the order of their bytes. */
export class PageList {
  /** Whether nobody has asked for them since the last look. */
  isIdle = false;
  /** The first page. */
  first: Slot | undefined;
  readonly #take: (change: number) => boolean;
  #isClosed = false;

  /** @param take Asks for memory; `false` when there is none. Memory is always taken back. */
  constructor(take: (change: number) => boolean) {
    this.#take = take;
  }

  /** Puts an empty page behind another, or first; `undefined` without memory for it. */
  insertAfter(previous: Slot | undefined): Slot | undefined {
    if (this.#isClosed || !this.#takeBehind(previous, RESERVED_BYTES)) return undefined;
    const next = previous === undefined ? this.first : previous.next;
    const footprint = RESERVED_BYTES;
    const slot: Slot = { page: new Page(), previous, next, footprint, isKept: true };
    this.#link(previous, slot);
    if (next !== undefined) next.previous = slot;
    return slot;
  }

  /**
   * Accounts for a page that has been walked, and for the bytes that it has left to others; `false`,
   * and it is dropped, without memory for it.
   */
  keep(slot: Slot): boolean {
    const { footprint } = slot.page;
    const hasMemory = this.#takeBehind(slot, footprint - slot.footprint);
    if (hasMemory) slot.footprint = footprint;
    const left = slot.page.takeLeft();
    if (hasMemory && this.#accountFor(left, (change) => this.#takeBehind(slot, change)))
      return true;
    this.drop(slot);
    return false;
  }

  /** Forgets a page. What others still send of it is accounted for until they are done. */
  drop(slot: Slot): void {
    slot.isKept = false;
    this.#take(-slot.footprint);
    slot.page.leave();
    this.#accountFor(slot.page.takeLeft(), this.#take);
    this.#link(slot.previous, slot.next);
    if (slot.next !== undefined) slot.next.previous = slot.previous;
  }

  /** Forgets all pages behind `slot`, or all. */
  dropAfter(slot: Slot | undefined): void {
    for (;;) {
      const next = slot === undefined ? this.first : slot.next;
      if (next === undefined) return;
      this.drop(next);
    }
  }

  /** Forgets all pages, and takes no more: a walk may still hold the list. */
  close(): void {
    this.#isClosed = true;
    this.dropAfter(undefined);
  }

  /**
   * Asks for memory, which the last pages make free where needed: what is kept must stay without
   * a gap, because all behind a gap is encoded anew.
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

  /** Accounts for bytes until their borrowers are done; `false` without memory for them. */
  #accountFor(left: Loan | undefined, take: (change: number) => boolean): boolean {
    if (left === undefined) return true;
    if (!take(left.length)) return false;
    left.onReturned(() => this.#take(-left.length));
    return true;
  }

  #link(previous: Slot | undefined, slot: Slot | undefined): void {
    if (previous === undefined) this.first = slot;
    else previous.next = slot;
  }
}
