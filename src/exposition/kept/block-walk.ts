import type { Metric } from "../../model/metric-family.ts";
import type { RunReader } from "../../model/metric-run.ts";
import type { ChunkMemory } from "../chunk-memory.ts";
import type { FamilyEncoder } from "../encoder.ts";
import type { PageList, Slot } from "./block-list.ts";
import { PAGE_BYTES } from "./block-memory.ts";

/**
 * What became of an entry: it is on its page; its encoder left it out; the page must be turned first;
 * or pages are of no use any more, because there is no memory or another walk has dropped them.
 */
export type Outcome = "done" | "left out" | "turn" | "not kept";

/**
 * A page that is written anew may end where a later one starts, within these bounds: so that pages do
 * not crumble, and so that one more entry does not move all that stands behind it.
 */
const MIN_PAGE_BYTES = PAGE_BYTES / 2;
const MAX_PAGE_BYTES = PAGE_BYTES * 1.5;

/**
 * One walk of a scrape through the pages that the last one left.
 *
 * Where entries have come or gone, a page is written anew from there on, until an entry comes up
 * that a later page starts with: so a change costs a page or two, wherever it is.
 *
 * Hot path: `npm run bench` guards it.
 */
export class PageWalk {
  readonly #list: PageList;
  readonly #memory: ChunkMemory;
  #slot: Slot | undefined;
  /** The number of entries of the page at hand that are up to date. */
  #entry = 0;
  #isUsable = true;
  /** The pages behind, by what they start with; made when it is first needed. */
  #starts: Map<FamilyEncoder | undefined, Map<unknown, Slot>> | undefined;

  /** @param memory Borrows the bytes of the pages. */
  constructor(list: PageList, memory: ChunkMemory) {
    this.#list = list;
    this.#memory = memory;
  }

  /** Brings the head of a family up to date, or tells to turn the page first. */
  head(encoder: FamilyEncoder): Outcome {
    if (!this.#isUsable) return "not kept";
    const slot = this.#slot;
    if (slot === undefined) return "turn";
    if (!slot.page.isAt(this.#entry, encoder)) {
      slot.page.forgetFrom(this.#entry);
      if (this.#mustTurn(encoder, encoder, slot)) return "turn";
      slot.page.appendHead(encoder);
    }
    this.#entry++;
    return "done";
  }

  /** Brings a metric of the family whose head came last up to date, or tells to turn the page first. */
  update(metric: Metric, encoder: FamilyEncoder): Outcome {
    if (!this.#isUsable) return "not kept";
    const slot = this.#slot as Slot; // The head has seen to that.
    const { page } = slot;
    const { identity } = metric;
    if (page.isAt(this.#entry, identity)) {
      if (page.update(this.#entry, metric, encoder)) return this.#done();
    } else {
      if (this.#entry < page.count) {
        const adoption = page.adopt(this.#entry, metric, encoder);
        if (adoption === "done") return this.#done();
        if (adoption === "left out") return adoption;
        page.forgetFrom(this.#entry);
      }
      if (this.#mustTurn(identity, encoder, slot)) return "turn";
    }
    return page.append(metric, encoder) ? this.#done() : "left out";
  }

  /** Brings metrics up to date for as long as they are those of the page at hand. */
  readRun(reader: RunReader, encoder: FamilyEncoder): void {
    if (!this.#isUsable || encoder.run === undefined) return;
    const { page } = this.#slot as Slot; // The head has seen to that.
    this.#entry += page.readRun(this.#entry, reader, encoder, encoder.run);
  }

  /** Ends the page at hand, and gives its bytes as they stand there: a chunk of their own. */
  close(): Uint8Array {
    const slot = this.#slot;
    if (slot === undefined) return NO_BYTES;
    slot.page.close(this.#entry);
    this.#isUsable = this.#list.keep(slot);
    // A page that is not kept is written by nobody any more.
    if (this.#isUsable) this.#memory.borrow(slot.page.lend());
    return slot.page.bytes;
  }

  /** Goes on to the page of the next entry. */
  turn(identity: unknown, encoder: FamilyEncoder): void {
    const slot = this.#slot;
    if (slot?.isKept === false) this.#isUsable = false;
    if (!this.#isUsable) return;
    const next = this.#nextSlot(slot, identity, encoder);
    this.#isUsable = next !== undefined;
    if (next === undefined) return;
    this.#slot = next;
    next.page.open(encoder);
    this.#entry = 0;
  }

  /** Ends the walk, and gives the bytes of its last page. */
  finish(): Uint8Array {
    if (!this.#isUsable) return NO_BYTES;
    const bytes = this.close();
    if (this.#isUsable) this.#list.dropAfter(this.#slot);
    return bytes;
  }

  /** Forgets all pages, because one may have been left half-written. */
  abandon(): void {
    this.#isUsable = false;
    this.#list.dropAfter(undefined);
  }

  #done(): Outcome {
    this.#entry++;
    return "done";
  }

  /** Tells whether an entry that is not where the walk has come to belongs on another page. */
  #mustTurn(identity: unknown, encoder: FamilyEncoder, slot: Slot): boolean {
    // The page that was just turned to takes at least one.
    if (this.#entry === 0 && slot.page.isRewritten) return false;
    if (!slot.page.isRewritten && slot.next !== undefined) return true;
    if (slot.next === undefined) return slot.page.holds(PAGE_BYTES);
    return (
      slot.page.holds(MAX_PAGE_BYTES) || this.#startingWith(identity, encoder, slot) !== undefined
    );
  }

  #nextSlot(slot: Slot | undefined, identity: unknown, encoder: FamilyEncoder): Slot | undefined {
    if (slot === undefined) return this.#list.first ?? this.#list.insertAfter(undefined);
    if (!slot.page.isRewritten && slot.next !== undefined) return slot.next;
    const found = this.#startingWith(identity, encoder, slot);
    if (found === undefined) return this.#list.insertAfter(slot);
    while (slot.next !== undefined && slot.next !== found) this.#list.drop(slot.next);
    return found;
  }

  #startingWith(identity: unknown, encoder: FamilyEncoder, slot: Slot): Slot | undefined {
    if (slot.next === undefined || identity === undefined) return undefined;
    if (!slot.page.holds(MIN_PAGE_BYTES)) return undefined;
    this.#starts ??= startsBehind(slot);
    const found = this.#starts.get(encoder)?.get(identity);
    // Pages may have been dropped or written anew since.
    return found?.isKept && found.page.startsWith(identity, encoder) && found !== slot
      ? found
      : undefined;
  }
}

const NO_BYTES = new Uint8Array(0);

function startsBehind(slot: Slot): Map<FamilyEncoder | undefined, Map<unknown, Slot>> {
  const starts = new Map<FamilyEncoder | undefined, Map<unknown, Slot>>();
  for (let next = slot.next; next !== undefined; next = next.next) {
    const [identity, encoder] = next.page.start;
    const known = starts.get(encoder) ?? new Map<unknown, Slot>();
    known.set(identity, next);
    starts.set(encoder, known);
  }
  return starts;
}
