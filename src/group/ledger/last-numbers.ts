/**
 * The last numbers of a worker, which it writes when it exits: a socket would take the first 200 kB of them
 * for certain, and lose the rest.
 */
import type { Snapshot } from "../../gatherers/remote/snapshot.ts";
import { nodeModule } from "../../node.ts";
import { FrameError } from "../frames.ts";
import { parseWorkerId } from "../worker-id.ts";
import { OWN_MODE, readOwnFile, removeFile } from "./own-file.ts";
import { type Frame, readSealed, sealedBytes } from "./sealed-frames.ts";

/** Where last numbers are. */
export interface LastNumbersPlace {
  /** The folder, which is ours alone. */
  readonly folder: { readonly ledgerPath: string; readonly uid: number };
  readonly key: string;
}

const VERSION = 1;

/** A layout and its numbers, of which a member may send 64 MiB. */
const MAX_BYTES = 128 * 1_024 * 1_024;

/**
 * Writes the last numbers of a worker, without a pause: for exit handlers.
 *
 * @param snapshot A whole one: its layout is not the rest of another.
 * @throws {Error} The error of the system.
 */
export function writeLastNumbers(
  place: LastNumbersPlace,
  worker: string,
  snapshot: Pick<Snapshot, "layout" | "order" | "numbers">,
): void {
  const { renameSync, writeFileSync } = nodeModule("node:fs");
  const path = pathOf(place, worker);
  const bytes = Buffer.concat([...sealedBytes(framesOf(snapshot))]);
  removeFile(`${path}.tmp`);
  writeFileSync(`${path}.tmp`, bytes, { flag: "wx", mode: OWN_MODE });
  // The hub may look for it at any time.
  renameSync(`${path}.tmp`, path);
}

function* framesOf({
  layout,
  order,
  numbers,
}: Pick<Snapshot, "layout" | "order" | "numbers">): Generator<Frame> {
  yield { head: { last: VERSION, order }, body: numbers };
  for (const piece of layout) yield { head: { piece } };
}

/**
 * Reads the last numbers of a worker, with pauses. What it returns is not checked, but was written whole.
 *
 * @returns `undefined` if there are none.
 * @throws {Error} If they cannot be read.
 */
export async function readLastNumbers(
  place: LastNumbersPlace,
  worker: string,
): Promise<Snapshot | undefined> {
  const path = pathOf(place, worker);
  const bytes = await readOwnFile(path, { uid: place.folder.uid, maxBytes: MAX_BYTES });
  if (bytes === undefined) return undefined;
  const [first, ...pieces] = await readSealed(bytes);
  const order = first?.head["order"];
  if (first?.head["last"] !== VERSION || !Array.isArray(order)) {
    throw new FrameError("The last numbers are of another version");
  }
  return {
    layout: pieces.map(({ head }) => head["piece"] as Snapshot["layout"][number]),
    order,
    isPartial: false,
    numbers: new Float64Array(first.body?.buffer ?? new ArrayBuffer(0)),
  };
}

/** Removes the last numbers of a worker, if there are any. */
export function removeLastNumbers(place: LastNumbersPlace, worker: string): void {
  removeFile(pathOf(place, worker));
}

/** The workers that have left last numbers which nobody has taken. */
export function workersWithLastNumbers({ folder, key }: LastNumbersPlace): readonly string[] {
  const names = nodeModule("node:fs").readdirSync(folder.ledgerPath);
  return names.flatMap((name) => {
    if (!name.startsWith(`${key}.`) || !name.endsWith(EXTENSION)) return [];
    const worker = name.slice(key.length + 1, -EXTENSION.length);
    return parseWorkerId(worker) === undefined ? [] : [worker];
  });
}

const EXTENSION = ".last";

function pathOf({ folder, key }: LastNumbersPlace, worker: string): string {
  if (parseWorkerId(worker) === undefined) throw new Error(`"${worker}" is not a worker`);
  return `${folder.ledgerPath}/${key}.${worker}${EXTENSION}`;
}
