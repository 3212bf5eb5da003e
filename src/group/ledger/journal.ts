import type { LayoutPiece } from "../../gatherers/remote/snapshot.ts";
import { nodeModule } from "../../node.ts";
import { encodeHead } from "../frames.ts";
import { createFlags, OWN_MODE, readOwnFile, removeFile, writeAt } from "./own-file.ts";
import { checksum, eachFrame } from "./sealed-frames.ts";

/** How much may wait for a disk that is full. */
const MAX_WAITING_BYTES = 16 * 1_024 * 1_024;

/** A journal is rewritten when it is this long, and four times as long as it was when it was new. */
const MIN_COMPACT_BYTES = 1_024 * 1_024;

/** The longest journal that is written or read. */
const MAX_BYTES = 256 * 1_024 * 1_024;

/** Which bytes of which file are a layout. */
export interface JournalExtent {
  readonly name: string;
  readonly bytes: number;
  readonly crc: number;
}

/** A file to which the changes of one worker's layout are appended. */
export class Journal {
  readonly name: string;
  readonly #path: string;
  #bytes = 0;
  #crc = 0;
  #newBytes: number | undefined;
  /** The open file, which can be read even if something has removed its name. */
  #file: number | undefined;
  /** What has not been written for certain. Writing it twice does no harm. */
  #waiting: { readonly at: number; readonly data: Uint8Array }[] = [];
  #flushing: Promise<void> | undefined;
  #hasFile = false;

  /**
   * @param extent What another hub has written there. It is not changed, but kept for `restore()`.
   * @throws {Error} The error of the system, if that file cannot be opened.
   */
  constructor(folder: string, name: string, extent?: JournalExtent) {
    this.name = name;
    this.#path = `${folder}/${name}`;
    if (extent === undefined) return;
    this.#bytes = extent.bytes;
    this.#crc = extent.crc;
    this.#hasFile = true;
    const { constants, openSync } = nodeModule("node:fs");
    // A journal without pieces has no file.
    if (extent.bytes > 0)
      this.#file = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW);
  }

  /**
   * Begins with a copy of what another hub has written. That one may only have been stopped, and write to its
   * own file again.
   *
   * @throws {Error} The error of the system.
   */
  continue(other: Journal): void {
    const { constants, copyFileSync, openSync } = nodeModule("node:fs");
    copyFileSync(other.#path, this.#path, constants.COPYFILE_EXCL);
    this.#hasFile = true;
    this.#file = openSync(this.#path, constants.O_RDWR | constants.O_NOFOLLOW);
    this.#bytes = other.#bytes;
    this.#crc = other.#crc;
  }

  /** Whether there is a file, or there was one. */
  get hasFile(): boolean {
    return this.#hasFile;
  }

  /** Whether anything has not been written. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** What has been appended so far. */
  get extent(): JournalExtent {
    return { name: this.name, bytes: this.#bytes, crc: this.#crc };
  }

  /** Whether most of it has come and gone, as far as its length tells. */
  get isLong(): boolean {
    return this.#bytes > MIN_COMPACT_BYTES && this.#bytes > 4 * (this.#newBytes ?? this.#bytes);
  }

  /** Takes the length that it has at the first call for that of a new one. */
  measure(): void {
    this.#newBytes ??= this.#bytes;
  }

  /** Forgets what was appended after something, of which nobody has been told. */
  rewind({ bytes, crc }: Pick<JournalExtent, "bytes" | "crc">): void {
    this.#bytes = bytes;
    this.#crc = crc;
    this.#waiting = this.#waiting.filter(({ at }) => at < bytes);
  }

  /**
   * Appends a piece, which is written at the next flush.
   *
   * @returns Whether there was room for it; nothing may be appended after that.
   */
  append(piece: LayoutPiece): boolean {
    const [oldest] = this.#waiting;
    if (oldest !== undefined && this.#bytes - oldest.at > MAX_WAITING_BYTES) return false;
    const data = encodeHead({ piece }, 0);
    if (this.#bytes + data.length > MAX_BYTES) return false;
    this.#waiting.push({ at: this.#bytes, data });
    this.#bytes += data.length;
    this.#crc = checksum(data, this.#crc);
    return true;
  }

  /** Writes what was appended. */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#waiting.length === 0) return;
    this.#flushing = this.#write().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  async #write(): Promise<void> {
    const file = this.#open();
    // What comes meanwhile is for the next flush, or this one might never end.
    for (let count = this.#waiting.length; count > 0; count--) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      await writeAt(file, next.data, next.at);
      if (this.#waiting[0] === next) this.#waiting.shift();
    }
  }

  /** The same, without a pause: for exit handlers. */
  flushNow(): void {
    if (this.#waiting.length === 0) return;
    const file = this.#open();
    const { writeSync } = nodeModule("node:fs");
    for (const { at, data } of this.#waiting) writeSync(file, data, 0, data.length, at);
    this.#waiting = [];
  }

  #open(): number {
    this.#file ??= nodeModule("node:fs").openSync(this.#path, createFlags(), OWN_MODE);
    this.#hasFile = true;
    return this.#file;
  }

  /** Forgets what was not written, because the file is not needed any more. */
  discard(): void {
    this.#waiting = [];
  }

  /** Writes what was appended, as far as that works, and closes the file. Nothing may be appended after that. */
  async close(): Promise<void> {
    await this.flush().catch(() => {});
    this.#waiting = [];
    if (this.#file !== undefined) nodeModule("node:fs").closeSync(this.#file);
    this.#file = undefined;
  }

  /**
   * Writes the file anew if something that cleans folders has removed it.
   *
   * @throws {Error} The error of the system, if that fails.
   */
  restore(): void {
    const { closeSync, fstatSync, readSync, writeSync } = nodeModule("node:fs");
    const old = this.#file;
    if (old === undefined) return;
    const { nlink, size } = fstatSync(old);
    if (nlink > 0) return;
    const content = Buffer.allocUnsafe(size);
    readSync(old, content, 0, size, 0);
    this.#file = undefined;
    try {
      writeSync(this.#open(), content, 0, size, 0);
      closeSync(old);
    } catch (error) {
      removeFile(this.#path);
      this.#file = old;
      throw error;
    }
  }
}

/**
 * Reads a layout that was journaled, with pauses.
 *
 * @throws {Error} If the file is not ours, or not what was written.
 */
export async function readJournal(
  folder: { readonly path: string; readonly uid: number },
  { name, bytes, crc }: JournalExtent,
  onPiece: (piece: unknown) => void,
): Promise<void> {
  // That of a worker without counters: it has no file.
  if (bytes === 0) return;
  const path = `${folder.path}/${name}`;
  const content = await readOwnFile(path, { uid: folder.uid, maxBytes: MAX_BYTES });
  // What follows was appended after the numbers were written.
  const layout = content?.subarray(0, bytes);
  if (layout === undefined || layout.length < bytes || checksum(layout) !== crc) {
    throw new Error(`File "${path}" is not what was written`);
  }
  await eachFrame(layout, ({ head }) => onPiece(head["piece"]));
}
