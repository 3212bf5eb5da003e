import { PageList } from "./block-list.ts";

/** How long bytes that no scrape has asked for are kept, in milliseconds. */
const IDLE_MS = 5 * 60_000;

/** How many selections each encoder keeps pages of, and how many it knows to have been asked for. */
const MAX_KEPT = 8;
const MAX_SEEN = 100;

/** What one encoder keeps. */
interface Shelf {
  /** By selection; the one that was asked for last comes last. */
  readonly lists: Map<string, PageList>;
  /** What was asked for once: many a request is never made again. */
  readonly seen: Set<string>;
}

/**
 * Keeps the pages of expositions between scrapes, within a budget of bytes. What is over the budget
 * is encoded anew each time; what nobody asks for is dropped.
 */
export class PageStore {
  /** Whether no pages are given out for the time being. */
  isPaused = false;
  readonly #maxBytes: number;
  readonly #shelves = new Map<object, Shelf>();
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

  /**
   * The pages of a selection; `undefined` when none may be kept, and when it is asked for at first.
   *
   * @param owner The encoder.
   */
  pagesOf(owner: object, selection: string): PageList | undefined {
    if (this.#maxBytes === 0 || this.isPaused) return undefined;
    const shelf = this.#shelfOf(owner);
    const { lists } = shelf;
    const list = lists.get(selection) ?? this.#firstList(shelf, selection);
    if (list === undefined) return undefined;
    list.isIdle = false;
    // The only one is the last already.
    if (lists.size !== 1 || !lists.has(selection)) {
      lists.delete(selection);
      lists.set(selection, list);
    }
    return list;
  }

  /** Drops all pages now. */
  clear(): void {
    for (const { lists } of this.#shelves.values())
      for (const key of [...lists.keys()]) forget(lists, key);
    this.#shelves.clear();
    this.#stopTimer();
  }

  #shelfOf(owner: object): Shelf {
    let shelf = this.#shelves.get(owner);
    if (shelf === undefined) {
      shelf = { lists: new Map(), seen: new Set() };
      this.#shelves.set(owner, shelf);
    }
    return shelf;
  }

  #firstList({ lists, seen }: Shelf, selection: string): PageList | undefined {
    if (!seen.has(selection)) {
      if (seen.size >= MAX_SEEN) seen.clear();
      seen.add(selection);
      return undefined;
    }
    const [oldest] = lists;
    if (oldest !== undefined && lists.size >= MAX_KEPT) {
      // Nine selections in turn, each of which evicts the next, cost 1.3 times what keeping none does.
      if (!oldest[1].isIdle) return undefined;
      forget(lists, oldest[0]);
    }
    this.#timer ??= setInterval(() => this.#dropIdle(), IDLE_MS).unref();
    return new PageList((change) => this.#take(change));
  }

  /** Asks for memory; `false` when the budget is used up. Memory is always taken back. */
  #take(change: number): boolean {
    if (change > 0 && this.#footprint + change > this.#maxBytes) return false;
    this.#footprint += change;
    return true;
  }

  #dropIdle(): void {
    let isEmpty = true;
    for (const { lists } of this.#shelves.values()) {
      for (const [selection, list] of lists) {
        if (list.isIdle) forget(lists, selection);
        list.isIdle = true;
      }
      if (lists.size > 0) isEmpty = false;
    }
    if (isEmpty) this.#stopTimer();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function forget(lists: Map<string, PageList>, selection: string): void {
  lists.get(selection)?.close();
  lists.delete(selection);
}
