/**
 * What a hub leaves for the next one: the counters and histograms of each worker as a scraper has just seen
 * them, and those that are retained of the workers that are gone.
 *
 * The numbers are one file, which is replaced before each scrape is answered. It also names the workers that
 * have no numbers yet, and those whose last numbers it has. The layout of each worker is a journal, to
 * which only changes are appended; the numbers say how many of its bytes are theirs. A new hub reads both
 * as if each worker had just sent them.
 */
import type { Snapshot } from "../../gatherers/remote/snapshot.ts";
import { isRunning } from "../worker-id.ts";
import { removeForgottenFiles } from "./forgotten-files.ts";
import { Journal, readJournal } from "./journal.ts";
import {
  LedgerEntry,
  type LedgerName,
  type LedgerRecord,
  type NumbersSource,
} from "./ledger-entry.ts";
import { LedgerFiles, type LedgerPlace } from "./ledger-files.ts";
import { LedgerWriter } from "./ledger-writer.ts";
import { type LedgerContent, readContent } from "./read-records.ts";

/** A mirror, as far as the ledger needs it. */
export interface KeptMirror extends NumbersSource {
  applyLayout(piece: unknown): void;
  applyNumbers(rest: Omit<Snapshot, "layout">): void;
}

/** A worker that the last hub has left. */
export interface KeptWorker<M> extends LedgerName {
  readonly mirror: M;
  readonly entry: LedgerEntry;
}

/** What is retained: the changes of its layout since it was last taken, and its numbers. */
export type Retained = Omit<Snapshot, "isPartial">;

const UNREADABLE = "Cannot read the counters that the last process has kept; they start anew";

/** The counters of a group, on a disk or in memory that all of its processes share. */
export class Ledger {
  /** Whether it goes on with what a former hub has left, because any of its workers runs. */
  isContinued = false;
  readonly #log: LedgerPlace["log"];
  readonly #files: LedgerFiles;
  readonly #writer: LedgerWriter;
  readonly #entries = new Set<LedgerEntry>();
  #retained: LedgerEntry | undefined;
  #retainedNumbers: Omit<Retained, "layout"> | undefined;

  constructor(place: LedgerPlace) {
    this.#log = place.log;
    this.#files = new LedgerFiles(place);
    this.#writer = new LedgerWriter(place, this.#files, this.#entries);
  }

  /**
   * Reads what the last hub has left. It never rejects; what cannot be read is left.
   *
   * The counters start anew, and the files are removed, if no process of the group runs any more.
   *
   * @param isContinued Whether this process was in the group before: then one runs, although a ledger that
   *   is older than its joining does not name it.
   */
  async read<M extends KeptMirror>(
    createMirror: () => M,
    isContinued = false,
  ): Promise<readonly KeptWorker<M>[]> {
    const files = this.#files;
    try {
      removeForgottenFiles(files.folder.path);
      files.find();
      const content = await readContent(files.ledger, files.folder.uid);
      this.isContinued = isContinued || content?.workers.some(isRunning) === true;
      if (this.isContinued) {
        for (const worker of content?.left ?? []) files.leave(worker);
        return await this.#restore(content?.records ?? [], createMirror);
      }
      // It may have been stopped meanwhile, and another hub be writing its first ledger.
      if (!files.isOurs()) return [];
      if (content !== undefined) files.removeAll();
      else files.removeUnused(new Set());
    } catch (error) {
      this.#log.error(UNREADABLE, error);
    }
    return [];
  }

  async #restore<M extends KeptMirror>(
    records: readonly LedgerRecord[],
    createMirror: () => M,
  ): Promise<readonly KeptWorker<M>[]> {
    const { folder } = this.#files;
    const workers: KeptWorker<M>[] = [];
    for (const { worker, slot, extent, order, numbers } of records) {
      const mirror = createMirror();
      try {
        await readJournal(folder, extent, (piece) => mirror.applyLayout(piece));
        mirror.applyNumbers({ order, isPartial: false, numbers });
      } catch (error) {
        this.#log.error(UNREADABLE, error);
        continue;
      }
      const journal = new Journal(folder.path, extent.name, extent);
      const found = { journal, order };
      const entry = new LedgerEntry({ worker, slot }, mirror, folder, found);
      this.#entries.add(entry);
      workers.push({ worker, slot, mirror, entry });
    }
    return workers;
  }

  /** Adds a worker. */
  add(name: LedgerName, source: NumbersSource): LedgerEntry {
    const entry = new LedgerEntry(name, source, this.#files.folder);
    this.#entries.add(entry);
    return entry;
  }

  /** Forgets a worker: its counters are retained now, or newer ones have replaced them. */
  remove(entry: LedgerEntry): void {
    this.#entries.delete(entry);
    // Unless it is in what is being written, nobody will read it.
    if (!this.#writer.isWriting) entry.journal.discard();
    this.#files.close(entry);
  }

  /** Notes that what is retained has the last numbers of a worker; a file of them is removed in time. */
  leave(worker: string): void {
    this.#files.leave(worker);
  }

  /** Whether what is retained has the last numbers of a worker. */
  hasLeft(worker: string): boolean {
    return this.#files.left.has(worker);
  }

  /**
   * Writes the workers as they are when this is called. It never rejects.
   *
   * @param retained What is retained; `undefined` if it is what it was at the last call.
   * @returns Whether they are written.
   */
  write(retained: Retained | undefined): Promise<boolean> {
    return this.#writer.write(this.#take(retained));
  }

  /**
   * Writes the workers as they are, without a pause: for exit handlers. If none of them runs, nobody will read
   * them, and the files are removed.
   *
   * @param retained As for `write()`.
   * @returns Whether they are written.
   */
  writeNow(retained: Retained | undefined): boolean {
    return this.#writer.writeNow(() => this.#take(retained));
  }

  #take(retained: Retained | undefined): LedgerContent {
    if (retained !== undefined) {
      const { order, numbers } = retained;
      this.#retainedNumbers = { order, numbers };
      const source = { keptId: (id: number) => id, takeNumbers: () => this.#retainedNumbers };
      this.#retained ??= this.add({ worker: "", slot: 0 }, source);
      for (const piece of retained.layout) this.#retained.addLayout(piece);
    }
    const entries = [...this.#entries];
    return {
      records: entries.flatMap((entry) => entry.take() ?? []),
      workers: entries.map(({ name }) => name.worker),
      left: [...this.#files.left],
    };
  }

  /** Resolves when nothing is written or tidied up any more. */
  async settle(): Promise<void> {
    await this.#writer.finished();
  }

  /** Closes all files, after `write()` or `writeNow()`. */
  async close(): Promise<void> {
    await this.settle();
    for (const entry of this.#entries) this.remove(entry);
    await this.#files.closed();
  }
}
