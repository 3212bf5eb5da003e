import { FrameError } from "../frames.ts";
import { parseWorkerId } from "../worker-id.ts";
import type { JournalExtent } from "./journal.ts";
import type { LedgerRecord } from "./ledger-entry.ts";
import { readOwnFile } from "./own-file.ts";
import { type Frame, type ReadFrame, readSealed, sealedBytes } from "./sealed-frames.ts";

/** The version of these files. */
const VERSION = 1;

/** The longest file that is read: 10,000,000 numbers, and what says whose they are. */
const MAX_BYTES = 128 * 1_024 * 1_024;

/** What a ledger says at one moment. */
export interface LedgerContent {
  readonly records: readonly LedgerRecord[];
  /** All workers, those included that have no numbers yet. */
  readonly workers: readonly string[];
  /** Workers that have left, and whose last numbers are part of the records already. */
  readonly left: readonly string[];
  /** Names what is retained, as `Welcome` does. */
  readonly era: string;
}

/** The bytes of a ledger. */
export function bytesOfContent(content: LedgerContent): Generator<Uint8Array> {
  return sealedBytes(framesOf(content));
}

function* framesOf({ records, ...head }: LedgerContent): Generator<Frame> {
  yield { head: { ledger: VERSION, ...head } };
  for (const { numbers, ...head } of records) yield { head, body: numbers };
}

/**
 * Reads a ledger, with pauses.
 *
 * @returns `undefined` if there is none.
 * @throws {Error} If it is not ours, or not what was written.
 */
export async function readContent(path: string, uid: number): Promise<LedgerContent | undefined> {
  const bytes = await readOwnFile(path, { uid, maxBytes: MAX_BYTES });
  if (bytes === undefined) return undefined;
  const [first, ...frames] = await readSealed(bytes);
  if (first?.head["ledger"] !== VERSION) throw new FrameError("The ledger is of another version");
  const { workers, left, era } = first.head;
  if (!isList(workers, isText) || !isList(left, isText) || !isText(era)) {
    throw new FrameError("The ledger does not say whose it is");
  }
  return { records: frames.map(recordOf), workers, left, era };
}

function recordOf({ head, body }: ReadFrame): LedgerRecord {
  const { worker, slot, extent, order } = head;
  const isWorker = worker === "" || (typeof worker === "string" && parseWorkerId(worker));
  const bytes = body ?? new Uint8Array(0);
  if (
    !isWorker ||
    !isCount(slot) ||
    !isExtent(extent) ||
    !isList(order, isCount) ||
    bytes.length % 8 > 0
  ) {
    throw new FrameError("The ledger has an entry that is not allowed");
  }
  return { worker, slot, extent, order, numbers: new Float64Array(bytes.buffer) };
}

function isExtent(value: unknown): value is JournalExtent {
  const { name, bytes, crc } = Object(value) as Readonly<Record<string, unknown>>;
  // No path may lead out of the folder.
  return typeof name === "string" && /^[\w.-]+$/.test(name) && isCount(bytes) && isCount(crc);
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
