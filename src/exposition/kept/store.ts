/**
 * Keeps the bytes of the last scrape, so that the next one writes only what has changed.
 *
 * Bytes are kept in blocks of about 32 KiB. A block holds entries, which are the preamble of a family or
 * the lines of one metric, and records where each number is. Three lines of text:
 *
 *     # TYPE jobs gauge␊jobs{q="a"} 7␊jobs{q="b"} 19␊
 *     └─ entry 0 ──────┘└─ entry 1 ──┘└─ entry 2 ───┘    numbers: 7 at 31, 1 long; 19 at 45, 2 long
 *
 * A scrape in which `a` is 7 still, `b` is 120 now, and `c` is new:
 *
 *     # TYPE jobs gauge␊jobs{q="a"} 7␊jobs{q="b"} 120␊jobs{q="c"} 1␊
 *
 * Entries 0 and 1 are compared, nothing more. The digits of 120 overwrite 19, and what follows moves by one
 * byte. No entry is where `c` comes: it is encoded and appended, and so is all that follows, until
 * an entry comes up that starts a later block. Blocks before and behind are not touched.
 *
 * `BlockStore` shares its budget of bytes among selections of families; `walk()` begins the `BlockWalk`
 * of a scrape. The memory of a block belongs to the store. It is sent without a copy, and
 * lent to the response meanwhile: a block that must change then continues with a copy. What is not kept,
 * for whatever reason, is encoded anew: a walk never fails for lack of memory, and its bytes are always
 * those of a fresh encoding.
 */
import { unref } from "../../timers.ts";
import type { BlockSink } from "../encoder.ts";
import { BlockList } from "./block-list.ts";
import { BlockWalk } from "./block-walk.ts";
import type { MemoryPressure } from "./memory-pressure.ts";

export type { BlockWalk } from "./block-walk.ts";

/** How long bytes that no scrape has asked for are kept, in milliseconds. */
const IDLE_MS = 5 * 60_000;

/** How many selections of each encoder have blocks, and how many are remembered as asked for. */
const MAX_KEPT = 8;
const MAX_SEEN = 100;

/**
 * The footprint above which the memory of the process is checked, in bytes: the blocks of some
 * 35,000 lines, whose scrape takes 10 ms. A check takes 0.13 ms with cold caches, and a smaller scrape
 * pays nothing.
 */
const MIN_WORTH_BYTES = 4 * 1_024 * 1_024;

/** What one encoder keeps. */
interface Shelf {
  /** By selection; the one that was asked for last comes last. */
  readonly lists: Map<string, BlockList>;
  /** Selections that were asked for once: many requests are never repeated. */
  readonly seen: Set<string>;
}

/** What a store works with. */
export interface StoreContext {
  /** Logs why scrapes cost more from now on. */
  readonly warn?: (message: string) => void;
  /** Tells when memory is short; by default it is loaded when there is something worth dropping. */
  readonly pressure?: MemoryPressure | undefined;
}

/**
 * Keeps the blocks of expositions between scrapes, within a budget of bytes. What exceeds the budget
 * is encoded anew each time; what no scrape asks for is dropped.
 */
export class BlockStore {
  readonly #maxBytes: number;
  readonly #warn: (message: string) => void;
  #pressure: MemoryPressure | undefined;
  readonly #shelves = new Map<object, Shelf>();
  #footprint = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxBytes The memory that all blocks may take; 0 keeps none. */
  constructor(maxBytes: number, { warn = () => {}, pressure }: StoreContext = {}) {
    this.#maxBytes = maxBytes;
    this.#warn = warn;
    this.#pressure = pressure;
  }

  /** The memory that all blocks take, in bytes. */
  get footprint(): number {
    return this.#footprint;
  }

  /**
   * Begins the walk of a scrape. It keeps nothing when no memory may be used, and when the selection
   * has no name or is asked for the first time.
   *
   * @param owner The encoder.
   * @param sink Takes full blocks, and what is not kept.
   */
  walk(owner: object, selection: string | undefined, sink: BlockSink): BlockWalk {
    return new BlockWalk(this.#listOf(owner, selection), sink);
  }

  /** Must be called after each scrape: drops all blocks when memory has become short. */
  afterScrape(): void {
    if (this.#footprint < MIN_WORTH_BYTES && !this.#pressure?.isHigh) return;
    if (this.#pressure === undefined) this.#loadPressure().catch(() => {});
    const shortage = this.#pressure?.look();
    if (shortage === undefined) return;
    this.clear();
    this.#warn(
      `Dropped the kept bytes of the last scrape: ${shortage}; scrapes cost more CPU until there is memory again`,
    );
  }

  /**
   * Scrapes that end meanwhile load it, too: the last one stays. Where it cannot be loaded, which the build
   * rules out, nothing is dropped.
   */
  async #loadPressure(): Promise<void> {
    const { MemoryPressure } = await import("./memory-pressure.ts");
    this.#pressure = new MemoryPressure();
    this.afterScrape();
  }

  /** Drops all blocks now. */
  clear(): void {
    for (const { lists } of this.#shelves.values()) {
      for (const selection of [...lists.keys()]) drop(lists, selection);
    }
    this.#shelves.clear();
    this.#stopTimer();
  }

  #listOf(owner: object, selection: string | undefined): BlockList | undefined {
    if (selection === undefined || this.#maxBytes === 0 || this.#pressure?.isHigh) return undefined;
    const shelf = this.#shelfOf(owner);
    const { lists } = shelf;
    const list = lists.get(selection) ?? this.#firstList(shelf, selection);
    if (list === undefined) return undefined;
    list.isIdle = false;
    // The only one is already the last.
    if (lists.size !== 1 || !lists.has(selection)) {
      lists.delete(selection);
      lists.set(selection, list);
    }
    return list;
  }

  #shelfOf(owner: object): Shelf {
    let shelf = this.#shelves.get(owner);
    if (shelf === undefined) {
      shelf = { lists: new Map(), seen: new Set() };
      this.#shelves.set(owner, shelf);
    }
    return shelf;
  }

  #firstList({ lists, seen }: Shelf, selection: string): BlockList | undefined {
    if (!seen.has(selection)) {
      if (seen.size >= MAX_SEEN) seen.clear();
      seen.add(selection);
      return undefined;
    }
    const [oldest] = lists;
    if (oldest !== undefined && lists.size >= MAX_KEPT) {
      // Nine selections by turns, each of which evicts the next, cost 1.3 times what keeping none costs.
      if (!oldest[1].isIdle) return undefined;
      drop(lists, oldest[0]);
    }
    this.#timer ??= unref(setInterval(() => this.#dropIdle(), IDLE_MS));
    return new BlockList((change) => this.#take(change));
  }

  /** Asks for memory; `false` when the budget is used up. Returning memory always succeeds. */
  #take(change: number): boolean {
    if (change > 0 && this.#footprint + change > this.#maxBytes) return false;
    this.#footprint += change;
    return true;
  }

  #dropIdle(): void {
    let isEmpty = true;
    for (const { lists } of this.#shelves.values()) {
      for (const [selection, list] of lists) {
        if (list.isIdle) drop(lists, selection);
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

function drop(lists: Map<string, BlockList>, selection: string): void {
  lists.get(selection)?.close();
  lists.delete(selection);
}
