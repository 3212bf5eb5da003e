import type { Metric, MetricFamily } from "../../model/metric-family.ts";
import { type RunReader, runReaderOf } from "../../model/metric-run.ts";
import type { BlockSink, FamilyEncoder, Written } from "../encoder.ts";
import type { BlockList, Slot } from "./block-list.ts";
import { BLOCK_BYTES } from "./block-memory.ts";

/**
 * A block that is written anew may end where a later one starts, within these bounds. So blocks do
 * not become ever smaller, and an added entry does not move everything behind it.
 */
const MIN_BLOCK_BYTES = BLOCK_BYTES / 2;
const MAX_BLOCK_BYTES = BLOCK_BYTES * 1.5;

/**
 * One walk of a scrape through the blocks that the last one kept.
 *
 * Where entries have come or gone, a block is written anew from there, up to an entry that a later
 * block starts with. So a change costs a block or two, wherever it is.
 *
 * Other scrapes may walk the same blocks whenever this one pauses. So its caller must pause when the
 * sink is full, which is nearly always between two blocks: a block ends with its last entry, and the
 * next is opened with the next entry.
 *
 * Hot path: `npm run bench` measures it.
 */
export class BlockWalk {
  readonly #list: BlockList | undefined;
  readonly #sink: BlockSink;
  /** Whether blocks can still be used: there is memory for them, and no other walk has dropped them. */
  #isUsable: boolean;
  /** The current block, if one is open, and how many of its entries are up to date. */
  #slot: Slot | undefined;
  #entry = 0;
  /** The block before. */
  #last: Slot | undefined;
  /** The blocks behind, by what they start with; made on first use. */
  #starts: Map<FamilyEncoder | undefined, Map<unknown, Slot>> | undefined;
  /** Reads the metrics of the current family many at a time, if they can be read so. */
  #reader: RunReader | undefined;
  /** How many it has read so. */
  #runLength = 0;

  /**
   * @param list The blocks; `undefined` when nothing is kept.
   * @param sink Takes full blocks, and what is not kept.
   */
  constructor(list: BlockList | undefined, sink: BlockSink) {
    this.#list = list;
    this.#sink = sink;
    this.#isUsable = list !== undefined;
  }

  /** Begins a family with its preamble, and returns the metrics that `write()` must be called with. */
  family({ metrics }: Pick<MetricFamily, "metrics">, encoder: FamilyEncoder): Iterable<Metric> {
    this.#writePreamble(encoder);
    this.#reader = this.#isUsable && encoder.run ? runReaderOf(metrics) : undefined;
    this.#runLength = 0;
    this.#readRun(encoder);
    return this.#reader ?? metrics;
  }

  /** Writes a metric of the current family. */
  write(metric: Metric, encoder: FamilyEncoder): Written {
    let slot = this.#slot;
    if (slot === undefined) {
      if (this.#isUsable) slot = this.#open(metric.identity, encoder);
      if (slot === undefined) return encoder.encode(metric, this.#sink);
    }
    const { identity } = metric;
    const { block } = slot;
    let written: Written = true;
    if (block.isAt(this.#entry, identity)) {
      const isUpdated = block.update(this.#entry, metric, encoder);
      if (!isUpdated) written = block.append(metric, encoder);
    } else {
      const adoption = block.adopt(this.#entry, metric, encoder);
      if (adoption === "skipped") return false;
      if (adoption === "different") {
        block.dropFrom(this.#entry);
        if (this.#endBefore(identity, encoder, slot)) return this.write(metric, encoder);
        written = block.append(metric, encoder);
      }
    }
    if (written === false) return false;
    if (++this.#entry >= block.count) this.#endIfComplete(slot);
    if (this.#reader !== undefined) this.#readRun(encoder);
    return written;
  }

  /**
   * From now on `write()` is called with each metric of the family. Returns with how many it was not:
   * they were those of the last scrape.
   */
  endRuns(): number {
    // The metrics are still read from it, but one at a time.
    this.#reader = undefined;
    return this.#runLength;
  }

  /** Ends the walk with the current block. */
  finish(): void {
    if (this.#slot !== undefined) this.#end(this.#slot);
    if (this.#isUsable && this.#last?.isKept !== false) this.#list?.dropAfter(this.#last);
  }

  /** Drops all blocks, because one may have been left half-written. */
  abandon(): void {
    this.#isUsable = false;
    this.#list?.dropAfter(undefined);
  }

  #writePreamble(encoder: FamilyEncoder): void {
    const slot = this.#slot ?? this.#open(encoder, encoder);
    if (slot === undefined) {
      this.#sink.text(encoder.preamble);
      return;
    }
    const { block } = slot;
    if (!block.isAt(this.#entry, encoder)) {
      block.dropFrom(this.#entry);
      if (this.#endBefore(encoder, encoder, slot)) {
        this.#writePreamble(encoder);
        return;
      }
      block.appendPreamble(encoder);
    }
    if (++this.#entry >= block.count) this.#endIfComplete(slot);
  }

  /** Brings metrics up to date for as long as they are those of the current block. */
  #readRun(encoder: FamilyEncoder): void {
    const slot = this.#slot;
    if (slot === undefined || this.#reader === undefined || encoder.run === undefined) return;
    if (this.#sink.isFull) return;
    const { block } = slot;
    const length = block.readRun(this.#entry, this.#reader, encoder, encoder.run);
    this.#runLength += length;
    this.#entry += length;
    if (this.#entry >= block.count) this.#endIfComplete(slot);
  }

  /** Opens the block of the next entry; `undefined` when blocks cannot be used any more. */
  #open(identity: unknown, encoder: FamilyEncoder): Slot | undefined {
    if (!this.#isUsable || this.#list === undefined) return undefined;
    const slot =
      this.#last?.isKept === false ? undefined : this.#nextSlot(this.#list, identity, encoder);
    this.#isUsable = slot !== undefined;
    if (slot === undefined) return undefined;
    this.#slot = slot;
    this.#entry = 0;
    slot.isOpen = true;
    slot.block.open(encoder);
    return slot;
  }

  #nextSlot(list: BlockList, identity: unknown, encoder: FamilyEncoder): Slot | undefined {
    const last = this.#last;
    let next = last === undefined ? list.first : last.next;
    if (last?.block.isRewritten) {
      const found = this.#startingWith(identity, encoder, last);
      while (found !== undefined && last.next !== undefined && last.next !== found) {
        list.drop(last.next);
      }
      next = found;
    }
    if (next?.isOpen) {
      // Another walk has paused in it. Once dropped, the block belongs to that walk.
      list.drop(next);
      next = undefined;
    }
    return next ?? list.insertAfter(last);
  }

  /**
   * Ends the current block if it does not continue with this entry. The next one is then opened while the
   * sink is full, so that the walk pauses within it.
   */
  #endBefore(identity: unknown, encoder: FamilyEncoder, slot: Slot): boolean {
    // A block takes at least one entry.
    if (this.#entry === 0) return false;
    const isEnd =
      this.#isComplete(slot) || this.#startingWith(identity, encoder, slot) !== undefined;
    if (isEnd) this.#end(slot);
    return isEnd;
  }

  /** Ends the current block, which is at its last entry, unless the sink still has the block before. */
  #endIfComplete(slot: Slot): void {
    if (this.#isComplete(slot) && !this.#sink.isFull) this.#end(slot);
  }

  /** Whether the current block, which is at its last entry, ends there. */
  #isComplete({ block, next }: Slot): boolean {
    if (next === undefined) return block.holds(BLOCK_BYTES);
    return !block.isRewritten || block.holds(MAX_BLOCK_BYTES);
  }

  #end(slot: Slot): void {
    const { block } = slot;
    block.close(this.#entry);
    slot.isOpen = false;
    this.#last = slot;
    this.#slot = undefined;
    this.#isUsable = slot.isKept && this.#list?.keep(slot) === true;
    // A block that is not kept is not written again.
    const loan = this.#isUsable ? block.lend() : undefined;
    this.#sink.block(block.bytes, loan);
  }

  /** A later block that starts with this entry, if the current block may end before it. */
  #startingWith(identity: unknown, encoder: FamilyEncoder, slot: Slot): Slot | undefined {
    if (slot.next === undefined || identity === undefined) return undefined;
    if (!slot.block.holds(MIN_BLOCK_BYTES)) return undefined;
    this.#starts ??= startsBehind(slot);
    const found = this.#starts.get(encoder)?.get(identity);
    // Blocks may have been dropped or written anew since.
    return found?.isKept && found.block.startsWith(identity, encoder) && found !== slot
      ? found
      : undefined;
  }
}

function startsBehind(slot: Slot): Map<FamilyEncoder | undefined, Map<unknown, Slot>> {
  const starts = new Map<FamilyEncoder | undefined, Map<unknown, Slot>>();
  for (let next = slot.next; next !== undefined; next = next.next) {
    const [identity, encoder] = next.block.start;
    const known = starts.get(encoder) ?? new Map<unknown, Slot>();
    known.set(identity, next);
    starts.set(encoder, known);
  }
  return starts;
}
