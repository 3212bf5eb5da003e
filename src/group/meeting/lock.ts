/** A lock between processes: a folder, because making one is atomic everywhere. */
import type { BigIntStats } from "node:fs";
import { nodeModule } from "../../node.ts";

/**
 * A lock of this age is given up. Whoever holds one needs a few milliseconds; but it may have been stopped,
 * and then goes on after the lock is somebody else's.
 */
const MAX_AGE_MS = 1_000;

/**
 * Runs `action` while it holds a lock.
 *
 * @param action Must ask `isHeld` in the same turn in which it does what nobody else may do.
 * @returns What `action` returned; `undefined` if somebody else holds the lock.
 * @throws What `action` throws; or the error of the system.
 */
export async function withLock<T>(
  path: string,
  action: (isHeld: () => boolean) => Promise<T>,
): Promise<T | undefined> {
  const { mkdirSync, rmdirSync } = nodeModule("node:fs");
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    removeOld(path);
    return undefined;
  }
  const own = statsOf(path);
  const isHeld = () => own !== undefined && isSame(own, statsOf(path));
  try {
    return await action(isHeld);
  } finally {
    if (isHeld()) rmdirSync(path);
  }
}

/** Removes a lock that was given up, and no other one. */
function removeOld(path: string): void {
  const { renameSync, rmdirSync } = nodeModule("node:fs");
  const found = statsOf(path);
  // A clock may have been set back.
  if (found === undefined || Math.abs(Date.now() - Number(found.mtimeMs)) < MAX_AGE_MS) return;
  // Another process may do this, too, and somebody may already hold the lock anew.
  const removed = `${path}.${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(path, removed);
    if (isSame(found, statsOf(removed))) rmdirSync(removed);
    else renameSync(removed, path);
  } catch {
    // Somebody else was faster.
  }
}

function statsOf(path: string): BigIntStats | undefined {
  const { lstatSync } = nodeModule("node:fs");
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Numbers of files come again, so the time counts, too. */
function isSame(first: BigIntStats, second: BigIntStats | undefined): boolean {
  return first.ino === second?.ino && first.mtimeNs === second.mtimeNs;
}
