/**
 * What a hub leaves for the next one: the counters and histograms of each worker as a scraper has just seen
 * them, and those that are retained of the workers that are gone.
 *
 * The numbers are one file, which is replaced before each scrape is answered. It also names the workers that
 * have no numbers yet, and those whose last numbers it has. The layout of each worker is a journal, to
 * which only changes are appended; the numbers say how many of its bytes are theirs. A new hub reads both
 * as if each worker had just sent them. A worker that returns goes on in its journal: it may answer for some
 * families, and the others are kept as they were.
 */
import type { Snapshot } from "../../gatherers/remote/snapshot.ts";
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
import { markOf } from "./own-file.ts";
import { isAnyRunning, keepAtExit, Processes, removeAtExit } from "./processes.ts";
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
  /** Whether a process runs that has left the group, and may go on with it. */
  mayReturn = false;
  /**
   * Names the totals that are retained, from when they began until they begin anew. A process that returns
   * compares it with the name that it was told: only within one era does the hub still retain its numbers.
   */
  era: string = newEra();
  readonly #log: LedgerPlace["log"];
  readonly #files: LedgerFiles;
  readonly #writer: LedgerWriter;
  readonly #entries = new Set<LedgerEntry>();
  readonly #processes = new Processes();
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
   * @param era That of the hub that this process had before: then one runs, although a ledger that is older
   *   than its joining does not name it. `undefined` if it was not in the group.
   */
  async read<M extends KeptMirror>(
    createMirror: () => M,
    era?: string,
  ): Promise<readonly KeptWorker<M>[]> {
    const files = this.#files;
    try {
      keepAtExit(files.ledger);
      removeForgottenFiles(files.folder.path);
      files.find();
      const content = await readContent(files.ledger, files.folder.uid);
      const { workers = [], left = [], records = [] } = content ?? {};
      this.isContinued = era !== undefined || isAnyRunning(workers);
      if (this.isContinued) {
        this.era = content?.era ?? era ?? this.era;
        for (const worker of workers) this.#processes.add(worker);
        for (const worker of left) files.leave(worker);
        return await this.#restore(records, createMirror);
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
      let journal: Journal | undefined;
      try {
        await readJournal(folder, extent, (piece) => mirror.applyLayout(piece));
        journal = new Journal(folder.path, extent.name, extent);
        mirror.applyNumbers({ order, isPartial: false, numbers });
      } catch (error) {
        await journal?.close();
        this.#log.error(UNREADABLE, error);
        if (worker === "") this.era = newEra();
        continue;
      }
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
    this.#processes.add(entry.name.worker);
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
   * Writes the workers as they are, without a pause: for exit handlers. If none of their processes runs, nobody
   * will read them, and the files are removed.
   *
   * @param retained As for `write()`.
   * @param endingPid The process that is about to end.
   * @returns Whether they are written.
   */
  writeNow(retained: Retained | undefined, endingPid?: number): boolean {
    return this.#writer.writeNow(() => this.#take(retained), endingPid);
  }

  /**
   * Lets the files be removed when this process ends, after `writeNow()`, unless others need them then.
   *
   * @param hasHub Whether there is one.
   */
  removeAtExit(endingPid: number, hasHub: () => boolean): void {
    const { ledger } = this.#files;
    const mark = markOf(ledger);
    removeAtExit(ledger, () => {
      const isNeeded = hasHub() || isAnyRunning(this.#processes.running(), endingPid);
      if (!isNeeded && markOf(ledger) === mark) this.#files.removeAll();
    });
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
    const former = this.#processes.running();
    this.mayReturn = former.length > 0;
    return {
      records: entries.flatMap((entry) => entry.take() ?? []),
      workers: [...entries.map(({ name }) => name.worker), ...former],
      left: [...this.#files.left],
      era: this.era,
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

function newEra(): string {
  return Math.random().toString(36).slice(2);
}
