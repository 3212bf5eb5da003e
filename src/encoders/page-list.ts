import { Page } from "./page.ts";

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

  /** @param take Asks for memory; `false` when there is none. Memory is always taken back. */
  constructor(take: (change: number) => boolean) {
    this.#take = take;
  }

  /** Puts an empty page behind another, or first. */
  insertAfter(previous: Slot | undefined): Slot {
    const next = previous === undefined ? this.first : previous.next;
    const slot: Slot = { page: new Page(), previous, next, footprint: 0, isKept: true };
    this.#link(previous, slot);
    if (next !== undefined) next.previous = slot;
    return slot;
  }

  /** Accounts for a page that has been walked; `false`, and it is dropped, without memory for it. */
  keep(slot: Slot): boolean {
    const { footprint } = slot.page;
    const hasMemory = footprint === slot.footprint || this.#take(footprint - slot.footprint);
    if (hasMemory) slot.footprint = footprint;
    else this.drop(slot);
    return hasMemory;
  }

  /** Forgets a page. */
  drop(slot: Slot): void {
    slot.isKept = false;
    this.#take(-slot.footprint);
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

  #link(previous: Slot | undefined, slot: Slot | undefined): void {
    if (previous === undefined) this.first = slot;
    else previous.next = slot;
  }
}
