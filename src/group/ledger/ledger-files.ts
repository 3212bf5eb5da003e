import type { Log } from "../../log.ts";
import { nodeModule } from "../../node.ts";
import { Journal } from "./journal.ts";
import { removeLastNumbers } from "./last-numbers.ts";
import type { JournalFolder, LedgerEntry } from "./ledger-entry.ts";
import { removeFile } from "./own-file.ts";

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

/** How many workers that have left are remembered whose files were removed: they may come late. */
const MAX_LEFT = 1_024;

/** The files of a ledger: which there are, and which of them nobody needs any more. */
export class LedgerFiles {
  /** The file of the numbers. */
  readonly ledger: string;
  readonly folder: JournalFolder;
  readonly #place: LedgerPlace;
  /** The others, as far as they are known. */
  readonly #names = new Set<string>();
  /** Journals that are being closed: what is being written may still mean them. */
  readonly #closing = new Set<Promise<void>>();
  /** Workers whose last numbers count already: a file of them must not be counted again. */
  readonly #left = new Set<string>();
  /** Those whose file may still be there. */
  readonly #leaving = new Set<string>();
  #count = 0;

  constructor(place: LedgerPlace) {
    const { ledgerPath: path, uid } = place.folder;
    this.#place = place;
    this.ledger = `${path}/${place.key}.ledger`;
    this.folder = { path, uid, create: () => new Journal(path, this.#newName("layout")) };
  }

  /** The workers whose last numbers count already. */
  get left(): ReadonlySet<string> {
    return this.#left;
  }

  /** Whether this process still is the hub. */
  isOurs(): boolean {
    return this.#place.seat.checkNow() === "ours";
  }

  /** Where to write what is to replace the ledger. */
  newPath(): string {
    return this.#pathOf(this.#newName("tmp"));
  }

  /** A name that no hub has used before. */
  #newName(extension: string): string {
    const unique = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
    const name = `${this.#place.key}.${unique}-${this.#count++}.${extension}`;
    this.#names.add(name);
    return name;
  }

  #pathOf(name: string): string {
    return `${this.folder.path}/${name}`;
  }

  /** Lists what earlier hubs have left, those that were killed included. */
  find(): void {
    const start = `${this.#place.key}.`;
    for (const name of nodeModule("node:fs").readdirSync(this.folder.path)) {
      if (name.startsWith(start) && /\.(?:layout|tmp)$/.test(name)) this.#names.add(name);
    }
  }

  /** Closes the journal of a worker. */
  close(entry: LedgerEntry): void {
    const { journal } = entry;
    if (!journal.hasFile && !journal.isWaiting) this.#names.delete(journal.name);
    const closed = entry.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Waits until all journals are closed that should be. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  /** Notes that the last numbers of a worker count already; a file of them is removed in time. */
  leave(worker: string): void {
    this.#left.delete(worker);
    this.#left.add(worker);
    this.#leaving.add(worker);
  }

  /**
   * Removes the files of workers that have left: the ledger has their numbers.
   *
   * @param workers Those that the ledger names.
   */
  removeLeft(workers: readonly string[]): void {
    for (const worker of workers) {
      if (this.#leaving.delete(worker)) removeLastNumbers(this.#place, worker);
    }
    for (const worker of this.#left) {
      if (this.#left.size <= MAX_LEFT) break;
      if (!this.#leaving.has(worker)) this.#left.delete(worker);
    }
  }

  /** Removes all files except the ledger and those with these names. */
  removeUnused(used: ReadonlySet<string>): void {
    for (const name of this.#names) {
      if (used.has(name)) continue;
      removeFile(this.#pathOf(name));
      this.#names.delete(name);
    }
  }

  /** Removes all files. */
  removeAll(): void {
    removeFile(this.ledger);
    for (const name of this.#names) removeFile(this.#pathOf(name));
    this.#names.clear();
    for (const worker of this.#leaving) removeLastNumbers(this.#place, worker);
    this.#leaving.clear();
  }
}
