import type { Log } from "../../log.ts";
import { nodeModule } from "../../node.ts";
import type { LedgerEntry } from "./ledger-entry.ts";
import type { LedgerFiles, LedgerPlace } from "./ledger-files.ts";
import { createFlags, OWN_MODE, removeFile, writeAll } from "./own-file.ts";
import { isAnyRunning } from "./processes.ts";
import { bytesOfContent, type LedgerContent } from "./read-records.ts";

const UNWRITABLE = "Cannot keep the counters of the workers for the next process";

/** Writes a ledger, one after the other: the last that was asked for is the last that is written. */
export class LedgerWriter {
  readonly #seat: LedgerPlace["seat"];
  readonly #log: Pick<Log, "error" | "settled">;
  readonly #files: LedgerFiles;
  readonly #entries: ReadonlySet<LedgerEntry>;
  /** What is to be written when that which is being written is. */
  #next: LedgerContent | undefined;
  /** Those that wait for it. */
  #waiting: ((isWritten: boolean) => void)[] = [];
  #isWriting = false;
  #running: Promise<void> | undefined;
  /** Counts the ledgers that were begun: one that another has overtaken is older, and dropped. */
  #generation = 0;
  /** Whether the last one was written without a pause: what is being written is of no use any more. */
  #isEnding = false;

  /** @param entries The workers whose journals are written with the ledger. */
  constructor({ seat, log }: LedgerPlace, files: LedgerFiles, entries: ReadonlySet<LedgerEntry>) {
    this.#seat = seat;
    this.#log = log;
    this.#files = files;
    this.#entries = entries;
  }

  /** Whether a ledger is being written, or waits for that. */
  get isWriting(): boolean {
    return this.#isWriting || this.#next !== undefined;
  }

  /** Resolves when all is done. */
  async finished(): Promise<void> {
    await this.#running;
  }

  /** Writes a ledger. It never rejects, and says whether it is written, or a later one. */
  write(content: LedgerContent): Promise<boolean> {
    this.#isEnding = false;
    this.#next = content;
    const written = new Promise<boolean>((resolve) => {
      this.#waiting.push(resolve);
    });
    this.#running ??= this.#run();
    return written;
  }

  async #run(): Promise<void> {
    let isWritten = false;
    while (this.#next !== undefined) {
      const content = this.#next;
      const waiting = this.#waiting.splice(0);
      this.#next = undefined;
      this.#isWriting = true;
      isWritten = (await this.#attempt(() => this.#writeContent(content))) === true;
      this.#isWriting = false;
      for (const resolve of waiting) resolve(isWritten);
      // Nobody waits for what is only tidied up.
      for (const entry of this.#entries) {
        if (this.#next !== undefined || this.#isEnding) break;
        await this.#attempt(() => entry.compact());
      }
    }
    // In the turn in which nothing waits: what comes later begins anew.
    this.#running = undefined;
    for (const entry of this.#entries) entry.release();
    // Those whose ledger `writeNow()` has overtaken.
    for (const resolve of this.#waiting.splice(0)) resolve(isWritten);
  }

  async #attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await action();
      this.#log.settled(UNWRITABLE);
      return result;
    } catch (error) {
      // What is missing then is not needed any more.
      if (!this.#isEnding) this.#log.error(UNWRITABLE, error, { kind: UNWRITABLE });
      return undefined;
    }
  }

  async #writeContent(content: LedgerContent): Promise<boolean> {
    const generation = ++this.#generation;
    // Whoever has asked is about to see these numbers, even if something has removed the socket meanwhile.
    if ((await this.#seat.check()) !== "ours") return false;
    if (generation !== this.#generation) return true;
    for (const { journal } of this.#entries) {
      journal.restore();
      await journal.flush();
    }
    await this.#files.closed();
    const { closeSync, openSync } = nodeModule("node:fs");
    const path = this.#files.newPath();
    const file = openSync(path, createFlags(), OWN_MODE);
    try {
      await writeAll(file, [...bytesOfContent(content)]);
      // The same again: a large file takes its time.
      await this.#seat.check();
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
   * Writes a ledger without a pause: for exit handlers. If none of its workers runs, nobody will read it, and the
   * files are removed.
   *
   * @param endingPid A process that is about to end.
   * @returns Whether it is written.
   */
  writeNow(take: () => LedgerContent, endingPid: number | undefined): boolean {
    this.#isEnding = true;
    const path = this.#files.newPath();
    try {
      const content = take();
      if (!this.#files.isOurs()) return false;
      this.#next = undefined;
      this.#generation++;
      if (!isAnyRunning(content.workers, endingPid)) {
        for (const { journal } of this.#entries) journal.discard();
        this.#files.removeAll();
        return true;
      }
      for (const { journal } of this.#entries) {
        journal.restore();
        journal.flushNow();
      }
      const bytes = Buffer.concat([...bytesOfContent(content)]);
      nodeModule("node:fs").writeFileSync(path, bytes, { flag: "wx", mode: OWN_MODE });
      return this.#replace(path, content);
    } catch (error) {
      removeFile(path);
      this.#log.error(UNWRITABLE, error, { kind: UNWRITABLE });
      return false;
    }
  }

  /** In one turn, so that no other hub can come between. */
  #replace(path: string, { records, left }: LedgerContent): boolean {
    if (!this.#files.isOurs()) {
      removeFile(path);
      return false;
    }
    nodeModule("node:fs").renameSync(path, this.#files.ledger);
    const used = [...records, ...(this.#next?.records ?? [])].map(({ extent }) => extent.name);
    for (const { journal } of this.#entries) used.push(journal.name);
    this.#files.removeUnused(new Set(used));
    this.#files.removeLeft(left);
    return true;
  }
}
