/** Files in a folder of ours, which another program of the same user may have put there. */
import type { BigIntStats } from "node:fs";
import { nodeModule } from "../../node.ts";

/** What a file must be to be read. */
export interface OwnFileLimits {
  readonly uid: number;
  readonly maxBytes: number;
}

/**
 * Reads a file.
 *
 * @returns `undefined` if it does not exist.
 * @throws {Error} If it is a link, not ours, has another name somewhere, or is too long.
 */
export async function readOwnFile(
  path: string,
  limits: OwnFileLimits,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const { constants } = nodeModule("node:fs");
  const { open } = nodeModule("node:fs/promises");
  // A pipe would otherwise wait for its other end.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP" || code === "EMLINK") throw new Error(`File "${path}" is a link`);
    throw error;
  }
  try {
    const stats = await file.stat({ bigint: true });
    const reason = reasonAgainstFile(stats, limits);
    if (reason !== undefined) throw new Error(`File "${path}" ${reason}`);
    const bytes = Buffer.from(new ArrayBuffer(Number(stats.size)));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) throw new Error(`File "${path}" became shorter`);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Why a file must not be read; `undefined` if it may. */
export function reasonAgainstFile(
  stats: Pick<BigIntStats, "uid" | "nlink" | "size" | "isFile">,
  { uid, maxBytes }: OwnFileLimits,
): string | undefined {
  if (!stats.isFile()) return "is not a regular file";
  if (stats.uid !== BigInt(uid)) return "belongs to another user";
  if (stats.nlink !== 1n) return "has several names";
  if (stats.size > BigInt(maxBytes)) return `is longer than ${maxBytes} bytes`;
  return undefined;
}

/** Removes a file, if it exists. */
export function removeFile(path: string): void {
  try {
    nodeModule("node:fs").rmSync(path, { force: true });
  } catch {
    // It lies there, and the next hub tries again.
  }
}

/** What a file has until another has its name; `undefined` if there is none. */
export function markOf(path: string): string | undefined {
  const { lstatSync } = nodeModule("node:fs");
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino} ${stats.mtimeNs}`;
}

/** How a new file is opened. */
export function createFlags(): number {
  const { constants } = nodeModule("node:fs");
  return constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
}

/** Writes bytes at a place of an open file. */
export function writeAt(file: number, bytes: Uint8Array, at: number): Promise<void> {
  return new Promise((resolve, reject) => {
    nodeModule("node:fs").write(file, bytes, 0, bytes.length, at, (error, written) => {
      if (error) reject(error);
      else if (written === bytes.length) resolve();
      // What is left of a disk was enough for some of them.
      else writeAt(file, bytes.subarray(written), at + written).then(resolve, reject);
    });
  });
}

/** Writes all parts of a file that was just opened. */
export function writeAll(file: number, parts: readonly Uint8Array[]): Promise<void> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return new Promise((resolve, reject) => {
    nodeModule("node:fs").writev(file, parts, 0, (error, written) => {
      if (error) reject(error);
      else if (written === length) resolve();
      else reject(new Error("There was room for a part of the file"));
    });
  });
}

/** What others may do with our files: nothing. */
export const OWN_MODE = 0o600;
