import type { FamilyEncoder } from "./encoder.ts";
import { Page } from "./page.ts";

/** How long bytes that no scrape has asked for are kept, in milliseconds. */
const IDLE_MS = 5 * 60_000;

/**
 * Keeps the pages of families between scrapes, within a budget of bytes. What is over the budget is
 * encoded anew each time; what nobody asks for is dropped.
 */
export class PageStore {
  readonly #maxBytes: number;
  readonly #families = new Map<FamilyEncoder, FamilyPages>();
  /** What was asked for at all: a family that is made anew for each scrape never comes again. */
  readonly #seen = new WeakSet<FamilyEncoder>();
  #footprint = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxBytes The memory that all pages may take; 0 keeps none. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The memory that all pages take, in bytes. */
  get footprint(): number {
    return this.#footprint;
  }

  /** The pages of a family; `undefined` when none may be kept, and when it is asked for at first. */
  pagesOf(encoder: FamilyEncoder): FamilyPages | undefined {
    if (this.#maxBytes === 0) return undefined;
    let pages = this.#families.get(encoder);
    if (pages === undefined) {
      if (!this.#seen.has(encoder)) {
        this.#seen.add(encoder);
        return undefined;
      }
      pages = new FamilyPages((change) => this.#take(change));
      this.#families.set(encoder, pages);
      this.#timer ??= setInterval(() => this.#dropIdle(), IDLE_MS).unref();
    }
    pages.isIdle = false;
    return pages;
  }

  /** Drops all pages now. */
  clear(): void {
    for (const pages of this.#families.values()) pages.trim(0);
    this.#families.clear();
    this.#stopTimer();
  }

  /** Asks for memory; `false` when the budget is used up. Memory is always taken back. */
  #take(change: number): boolean {
    if (change > 0 && this.#footprint + change > this.#maxBytes) return false;
    this.#footprint += change;
    return true;
  }

  #dropIdle(): void {
    for (const [encoder, pages] of this.#families) {
      if (pages.isIdle) {
        pages.trim(0);
        this.#families.delete(encoder);
      }
      pages.isIdle = true;
    }
    if (this.#families.size === 0) this.#stopTimer();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The pages of one family. */
export class FamilyPages {
  /** Whether nobody has asked for them since the last look. */
  isIdle = false;
  readonly #take: (change: number) => boolean;
  readonly #pages: Page[] = [];
  readonly #footprints: number[] = [];

  constructor(take: (change: number) => boolean) {
    this.#take = take;
  }

  /** The page at `index`, with what it held at the last scrape. */
  open(index: number): Page {
    return this.#pages[index] ?? new Page();
  }

  /** Keeps a page that has been walked, if there is memory for it. */
  keep(index: number, page: Page): void {
    const known = this.#footprints[index] ?? 0;
    const { footprint } = page;
    if (footprint === known) return;
    if (index <= this.#pages.length && this.#take(footprint - known)) {
      this.#pages[index] = page;
      this.#footprints[index] = footprint;
    } else this.trim(index);
  }

  /** Forgets all pages from `count` on. */
  trim(count: number): void {
    for (const footprint of this.#footprints.splice(count)) this.#take(-footprint);
    this.#pages.length = Math.min(count, this.#pages.length);
  }
}
