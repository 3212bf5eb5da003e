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
import type { Log } from "../../log.ts";
import { nodeModule } from "../../node.ts";
import { removeForgottenFiles } from "./forgotten-files.ts";
import { Journal, readJournal } from "./journal.ts";
import { removeLastNumbers } from "./last-numbers.ts";
import {
  type JournalFolder,
  LedgerEntry,
  type LedgerName,
  type LedgerRecord,
  type NumbersSource,
} from "./ledger-entry.ts";
import { createFlags, markOf, OWN_MODE, removeFile, writeAll } from "./own-file.ts";
import { isAnyRunning, keepAtExit, Processes, removeAtExit } from "./processes.ts";
import { bytesOfContent, type LedgerContent, readContent } from "./read-records.ts";

type SeatState = "ours" | "taken" | "gone";

/** Where a ledger is, and who may write it. */
export interface LedgerPlace {
  /** The folder, which is ours alone. */
  readonly folder: { readonly ledgerPath: string; readonly uid: number };
  readonly key: string;
  /** Whether this process still is the hub. `check()` first makes its socket anew if that is gone. */
  readonly seat: { check(): Promise<SeatState>; checkNow(): SeatState };
  readonly log: Pick<Log, "error" | "settled">;
}

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

/** How many workers that have left are remembered whose files were removed: they may come late. */
const MAX_LEFT = 1_024;

const UNREADABLE = "Cannot read the counters that the last process has kept; they start anew";
const UNWRITABLE = "Cannot keep the counters of the workers for the next process";

/** The counters of a group, on a disk or in memory that all of its processes share. */
export class Ledger {
  /** Whether it goes on with what a former hub has left, because any of its workers runs. */
  isContinued = false;
  /** Whether a process runs that has left the group, and may go on with it. */
  mayReturn = false;
  /** Names the totals that are retained; a ledger whose counters start anew has another name. */
  era: string = newEra();
  readonly #place: LedgerPlace;
  readonly #prefix: string;
  readonly #folder: JournalFolder;
  readonly #entries = new Set<LedgerEntry>();
  readonly #processes = new Processes();
  /** The files of this ledger, as far as they are known, without the numbers. */
  readonly #files = new Set<string>();
  /** Journals that are being closed: what is being written may still mean them. */
  readonly #closing = new Set<Promise<void>>();
  #retained: LedgerEntry | undefined;
  #retainedNumbers: Omit<Retained, "layout"> | undefined;
  /** Workers whose last numbers count already: a file of them must not be counted again. */
  readonly #left = new Set<string>();
  /** Those whose file may still be there. */
  readonly #leaving = new Set<string>();
  /** What is to be written when that which is being written is. */
  #next: LedgerContent | undefined;
  #writing: Promise<boolean> | undefined;
  /** Counts the ledgers that were begun: one that another has overtaken is older, and dropped. */
  #generation = 0;
  /** Whether the last one was written without a pause: what is being written is of no use any more. */
  #isEnding = false;
  #count = 0;

  constructor(place: LedgerPlace) {
    const { ledgerPath: path, uid } = place.folder;
    this.#place = place;
    this.#prefix = `${path}/${place.key}`;
    this.#folder = { path, uid, create: () => this.#createJournal() };
  }

  #createJournal(): Journal {
    return new Journal(this.#folder.path, this.#newName("layout"));
  }

  /** A name that no hub has used before. */
  #newName(extension: string): string {
    const unique = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
    const name = `${this.#place.key}.${unique}-${this.#count++}.${extension}`;
    this.#files.add(name);
    return name;
  }

  /**
   * Reads what the last hub has left. It never rejects; what cannot be read is left.
   *
   * The counters start anew, and the files are removed, if no process of the group runs any more.
   *
   * @param era That of the hub that this process had before: then one runs, although a ledger that is older
   *   than its joining does not name it. `undefined` if it was in no group.
   */
  async read<M extends KeptMirror>(
    createMirror: () => M,
    era?: string,
  ): Promise<readonly KeptWorker<M>[]> {
    try {
      keepAtExit(this.#prefix);
      removeForgottenFiles(this.#folder.path);
      this.#findFiles();
      const content = await readContent(`${this.#prefix}.ledger`, this.#folder.uid);
      const { workers = [], left = [], records = [] } = content ?? {};
      this.isContinued = era !== undefined || isAnyRunning(workers, undefined);
      if (this.isContinued) {
        this.era = content?.era ?? era ?? this.era;
        for (const worker of workers) this.#processes.add(worker);
        for (const worker of left) this.leave(worker);
        return await this.#restore(records, createMirror);
      }
      // It may have been stopped meanwhile, and another hub be writing its first ledger.
      if (!this.#isOurs()) return [];
      if (content !== undefined) this.#removeAll();
      else this.#removeUnused([]);
    } catch (error) {
      this.#place.log.error(UNREADABLE, error);
    }
    return [];
  }

  /** Lists what earlier hubs have left, those that were killed included. */
  #findFiles(): void {
    const start = `${this.#place.key}.`;
    for (const name of nodeModule("node:fs").readdirSync(this.#folder.path)) {
      if (name.startsWith(start) && /\.(?:layout|tmp)$/.test(name)) this.#files.add(name);
    }
  }

  async #restore<M extends KeptMirror>(
    records: readonly LedgerRecord[],
    createMirror: () => M,
  ): Promise<readonly KeptWorker<M>[]> {
    const workers: KeptWorker<M>[] = [];
    for (const { worker, slot, extent, order, numbers } of records) {
      const mirror = createMirror();
      try {
        await readJournal(this.#folder, extent, (piece) => mirror.applyLayout(piece));
        mirror.applyNumbers({ order, isPartial: false, numbers });
      } catch (error) {
        this.#place.log.error(UNREADABLE, error);
        if (worker === "") this.era = newEra();
        continue;
      }
      const journal = new Journal(this.#folder.path, extent.name, extent);
      const entry = new LedgerEntry({ worker, slot }, mirror, this.#folder, journal);
      this.#entries.add(entry);
      workers.push({ worker, slot, mirror, entry });
    }
    return workers;
  }

  /** Adds a worker. */
  add(name: LedgerName, source: NumbersSource): LedgerEntry {
    const entry = new LedgerEntry(name, source, this.#folder);
    this.#entries.add(entry);
    return entry;
  }

  /** Forgets a worker: its counters are retained now, or newer ones have replaced them. */
  remove(entry: LedgerEntry): void {
    this.#entries.delete(entry);
    this.#processes.add(entry.name.worker);
    const { journal } = entry;
    // Unless it is in what is being written, nobody will read it.
    if (this.#writing === undefined) journal.discard();
    if (!journal.hasFile && !journal.isWaiting) this.#files.delete(journal.name);
    const closed = entry.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Notes that what is retained has the last numbers of a worker; a file of them is removed in time. */
  leave(worker: string): void {
    this.#left.delete(worker);
    this.#left.add(worker);
    this.#leaving.add(worker);
  }

  /** Whether what is retained has the last numbers of a worker. */
  hasLeft(worker: string): boolean {
    return this.#left.has(worker);
  }

  /**
   * Writes the workers as they are when this is called. It never rejects.
   *
   * @param retained What is retained; `undefined` if it is what it was at the last call.
   * @returns Whether they are written.
   */
  write(retained: Retained | undefined): Promise<boolean> {
    this.#isEnding = false;
    this.#next = this.#take(retained);
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<boolean> {
    let isWritten = false;
    while (this.#next !== undefined) {
      const content = this.#next;
      this.#next = undefined;
      isWritten = (await this.#attempt(() => this.#writeContent(content))) === true;
      for (const entry of this.#entries) {
        if (this.#next !== undefined || this.#isEnding) break;
        await this.#attempt(() => entry.compact());
      }
    }
    // In the turn in which nothing waits: what comes later begins anew.
    this.#writing = undefined;
    return isWritten;
  }

  async #attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await action();
      this.#place.log.settled(UNWRITABLE);
      return result;
    } catch (error) {
      // What is missing then is not needed any more.
      if (!this.#isEnding) this.#place.log.error(UNWRITABLE, error, { kind: UNWRITABLE });
      return undefined;
    }
  }

  #take(retained: Retained | undefined): LedgerContent {
    if (retained !== undefined) {
      const { order, numbers } = retained;
      this.#retainedNumbers = { order, numbers };
      const source = { takeNumbers: () => this.#retainedNumbers };
      this.#retained ??= this.add({ worker: "", slot: 0 }, source);
      for (const piece of retained.layout) this.#retained.addLayout(piece);
    }
    const entries = [...this.#entries];
    const former = this.#processes.running();
    this.mayReturn = former.length > 0;
    return {
      records: entries.flatMap((entry) => entry.take() ?? []),
      workers: [...entries.map(({ name }) => name.worker), ...former],
      left: [...this.#left],
      era: this.era,
    };
  }

  async #writeContent(content: LedgerContent): Promise<boolean> {
    const generation = ++this.#generation;
    // Whoever has asked is about to see these numbers, even if something has removed the socket meanwhile.
    if ((await this.#place.seat.check()) !== "ours") return false;
    if (generation !== this.#generation) return true;
    for (const { journal } of this.#entries) {
      journal.restore();
      await journal.flush();
    }
    await Promise.all(this.#closing);
    const { closeSync, openSync } = nodeModule("node:fs");
    const path = `${this.#folder.path}/${this.#newName("tmp")}`;
    const file = openSync(path, createFlags(), OWN_MODE);
    try {
      await writeAll(file, [...bytesOfContent(content)]);
      // The same again: a large file takes its time.
      await this.#place.seat.check();
      if (generation === this.#generation) return this.#replace(path, content);
      removeFile(path);
      return true;
    } catch (error) {
      removeFile(path);
      throw error;
    } finally {
      closeSync(file);
    }
  }

  /**
   * Writes the workers as they are, without a pause: for exit handlers. If none of their processes runs,
   * nobody will read them, and the files are removed.
   *
   * @param retained As for `write()`.
   * @param endingPid The process that is about to end.
   * @returns Whether they are written.
   */
  writeNow(retained: Retained | undefined, endingPid?: number): boolean {
    this.#isEnding = true;
    const path = `${this.#folder.path}/${this.#newName("tmp")}`;
    try {
      const content = this.#take(retained);
      if (!this.#isOurs()) return false;
      this.#next = undefined;
      this.#generation++;
      if (!isAnyRunning(content.workers, endingPid)) {
        this.#removeAll();
        return true;
      }
      for (const { journal } of this.#entries) journal.flushNow();
      const bytes = Buffer.concat([...bytesOfContent(content)]);
      nodeModule("node:fs").writeFileSync(path, bytes, { flag: "wx", mode: OWN_MODE });
      return this.#replace(path, content);
    } catch (error) {
      removeFile(path);
      this.#place.log.error(UNWRITABLE, error, { kind: UNWRITABLE });
      return false;
    }
  }

  /**
   * Lets the files be removed when this process ends, after `writeNow()`. A hub that has them keeps them.
   *
   * @param hasHub Whether there is one.
   */
  removeAtExit(endingPid: number, hasHub: () => boolean): void {
    const path = `${this.#prefix}.ledger`;
    const mark = markOf(path);
    removeAtExit(this.#prefix, () => {
      const isNeeded = hasHub() || isAnyRunning(this.#processes.running(), endingPid);
      if (!isNeeded && markOf(path) === mark) this.#removeAll();
    });
  }

  /** In one turn, so that no other hub can come between. */
  #replace(path: string, { records, left }: LedgerContent): boolean {
    if (!this.#isOurs()) {
      removeFile(path);
      return false;
    }
    nodeModule("node:fs").renameSync(path, `${this.#prefix}.ledger`);
    this.#removeUnused(records);
    for (const worker of left) {
      if (this.#leaving.delete(worker)) removeLastNumbers(this.#place, worker);
    }
    for (const worker of this.#left) {
      if (this.#left.size <= MAX_LEFT) break;
      if (!this.#leaving.has(worker)) this.#left.delete(worker);
    }
    return true;
  }

  #isOurs(): boolean {
    return this.#place.seat.checkNow() === "ours";
  }

  #removeAll(): void {
    for (const { journal } of this.#entries) journal.discard();
    removeFile(`${this.#prefix}.ledger`);
    for (const name of this.#files) removeFile(`${this.#folder.path}/${name}`);
    this.#files.clear();
    for (const worker of this.#leaving) removeLastNumbers(this.#place, worker);
    this.#leaving.clear();
  }

  #removeUnused(records: readonly LedgerRecord[]): void {
    const used = new Set(records.map(({ extent }) => extent.name));
    for (const { journal } of this.#entries) used.add(journal.name);
    for (const { extent } of this.#next?.records ?? []) used.add(extent.name);
    for (const name of this.#files) {
      if (used.has(name)) continue;
      removeFile(`${this.#folder.path}/${name}`);
      this.#files.delete(name);
    }
  }

  /** Closes all files, after `write()` or `writeNow()`. */
  async close(): Promise<void> {
    await this.#writing;
    for (const entry of this.#entries) this.remove(entry);
    await Promise.all(this.#closing);
  }
}

function newEra(): string {
  return Math.random().toString(36).slice(2);
}
