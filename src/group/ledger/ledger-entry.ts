import type { FamilyChange, LayoutPiece, Snapshot } from "../../gatherers/remote/snapshot.ts";
import { nextTurn } from "../../timers.ts";
import { CompactLayout } from "./compact-layout.ts";
import { type Journal, type JournalExtent, readJournal } from "./journal.ts";

/** The last numbers of a worker, or of the retained totals. */
type Numbers = Pick<Snapshot, "order" | "numbers">;

/** What gives the numbers of a worker. */
export interface NumbersSource {
  /** What a family is called here; `undefined` for one that is not to be kept. */
  keptId(id: number): number | undefined;
  /**
   * Copies the last numbers of families, for the layout that was applied so far; `undefined` while it changes.
   *
   * @param kept Those that are kept; one of them that is gone is left out.
   */
  takeNumbers(kept: { has(id: number): boolean }): Numbers | undefined;
}

/** Whose counters these are. */
export interface LedgerName {
  /** The id of a worker; `""` for the retained totals. */
  readonly worker: string;
  readonly slot: number;
}

/** A worker as it was at one moment. */
export interface LedgerRecord extends LedgerName, Numbers {
  readonly extent: JournalExtent;
}

/** Where journals lie. */
export interface JournalFolder {
  readonly path: string;
  readonly uid: number;
  /** Makes an empty journal. */
  create(): Journal;
}

/** What the ledger holds of one worker. */
export class LedgerEntry {
  readonly name: LedgerName;
  readonly #source: NumbersSource;
  readonly #folder: JournalFolder;
  #journal: Journal;
  /** The families that are kept, and whether they have had numbers. */
  readonly #kept = new Map<number, boolean>();
  /** How many families of the journal are gone. */
  #goneCount = 0;
  /** Whether its worker has begun anew, and the journal has families of both its senders. */
  #hasReturned = false;
  /** Whether another hub has written the journal. */
  #isFound: boolean;
  #isWhole = true;
  #last: LedgerRecord | undefined;
  /** Whether that has the numbers of now. */
  #isTaken = false;
  /** Whether the source had numbers, and its layout has not begun to change since. */
  #canTakeAgain = false;
  /** What is appended while the journal is rewritten. */
  #late: LayoutPiece[] | undefined;
  #isClosed = false;

  /** @param found What another hub has written of it. */
  constructor(
    name: LedgerName,
    source: NumbersSource,
    folder: JournalFolder,
    found?: { readonly journal: Journal; readonly order: readonly number[] },
  ) {
    this.name = name;
    this.#source = source;
    this.#folder = folder;
    this.#journal = found?.journal ?? folder.create();
    this.#isFound = found !== undefined;
    for (const id of found?.order ?? []) this.#kept.set(id, true);
  }

  get journal(): Journal {
    return this.#journal;
  }

  /** Must be called with every piece of the layout, after the mirror has applied it. */
  addLayout(piece: LayoutPiece): void {
    const changes = piece.flatMap((change) => this.#keptChange(change));
    if (changes.length === 0 || !this.#isWhole) return;
    this.#late?.push(changes);
    this.#isWhole = this.#journal.append(changes);
  }

  /** Must be called when the mirror has applied numbers. */
  addNumbers(): void {
    this.#isTaken = false;
  }

  /** Must be called before the mirror applies a piece: after that, its numbers so far cannot be taken. */
  hold(): void {
    if (!this.#isTaken) this.take();
    this.#canTakeAgain = false;
  }

  /** Forgets numbers that have been written, if they can be taken again. */
  release(): void {
    if (!this.#canTakeAgain) return;
    this.#last = undefined;
    this.#isTaken = false;
  }

  /**
   * Must be called before its worker returns, and the mirror is renewed: what it had counts until the worker
   * says something else.
   *
   * @returns Whether it can go on; otherwise it is to be replaced.
   */
  renew(): boolean {
    this.hold();
    if (!this.#isWhole || (this.#isFound && !this.#copy())) return false;
    const { bytes, crc } = this.#last?.extent ?? { bytes: 0, crc: 0 };
    if (this.#journal.extent.bytes !== bytes) {
      // Changes whose numbers will never come.
      this.#journal.rewind({ bytes, crc });
      if (this.#late !== undefined) this.#late = [];
      for (const [id, hadNumbers] of this.#kept) if (!hadNumbers) this.#kept.delete(id);
    }
    this.#hasReturned = true;
    return true;
  }

  #copy(): boolean {
    const [found, journal] = [this.#journal, this.#folder.create()];
    try {
      found.restore();
      journal.continue(found);
    } catch {
      // The next write says what is wrong.
      return false;
    }
    this.#journal = journal;
    void found.close();
    if (this.#last !== undefined) this.#last = { ...this.#last, extent: journal.extent };
    this.#isFound = false;
    return true;
  }

  #keptChange({ id, head, shapes, splices }: FamilyChange): readonly FamilyChange[] {
    const keptId = this.#source.keptId(id);
    if (keptId === undefined) return [];
    if (head !== undefined) this.#kept.set(keptId, false);
    // Exemplars and native histograms are not worth their bytes: they are new with every scrape.
    const isKept = this.#kept.has(keptId) && (head ?? shapes ?? splices) !== undefined;
    return isKept ? [{ id: keptId, head, shapes, splices }] : [];
  }

  /** The worker as it is now; `undefined` if it has sent nothing, or if its layout could not be written. */
  take(): LedgerRecord | undefined {
    if (!this.#isWhole) return undefined;
    const taken = this.#source.takeNumbers(this.#kept);
    this.#canTakeAgain = taken !== undefined;
    if (taken !== undefined) {
      this.#journal.measure();
      this.#forgetGone(taken.order);
      this.#last = { ...this.name, extent: this.#journal.extent, ...taken };
      this.#isTaken = true;
    }
    return this.#last;
  }

  /** A family that had numbers, and has none, is gone. */
  #forgetGone(order: readonly number[]): void {
    const present = new Set(order);
    for (const [id, hadNumbers] of this.#kept) {
      if (present.has(id)) this.#kept.set(id, true);
      else if (hadNumbers && this.#kept.delete(id)) this.#goneCount++;
    }
  }

  /** Whether most of the journal has come and gone. */
  get #isLong(): boolean {
    const isReplaced = this.#goneCount > 0 && this.#goneCount >= this.#kept.size;
    return this.#journal.isLong || (this.#hasReturned && isReplaced);
  }

  /** Writes the journal anew, with pauses, if most of it has come and gone. */
  async compact(): Promise<void> {
    const [old, record] = [this.#journal, this.#last];
    // Between the record and this, nothing may have been appended.
    if (!this.#isLong || record?.extent.bytes !== old.extent.bytes) return;
    this.#late = [];
    const journal = this.#folder.create();
    try {
      const layout = new CompactLayout();
      await readJournal(this.#folder, record.extent, (piece) => layout.apply(piece as LayoutPiece));
      layout.keep(this.#kept);
      for (const piece of layout.pieces()) {
        journal.append(piece);
        await journal.flush();
        await nextTurn();
      }
      // Newer numbers belong to the old one; there is a next time.
      if (this.#isClosed || this.#last !== record) return;
      journal.measure();
      this.#last = { ...record, extent: journal.extent };
      for (const piece of this.#late) journal.append(piece);
      this.#journal = journal;
      this.#isFound = false;
      this.#goneCount = 0;
      this.#hasReturned = false;
    } finally {
      this.#late = undefined;
      await (this.#journal === journal ? old : journal).close();
    }
  }

  /** Forgets the worker. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#journal.close();
  }
}
