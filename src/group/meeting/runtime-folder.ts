/**
 * The folder in which the processes of one user meet.
 *
 * Whoever can write to it can become a hub, and is then given everybody's metrics. So it must belong to us
 * alone, and nobody else may be able to exchange it; otherwise it is not used.
 */
import type { Stats } from "node:fs";
import { nodeModule } from "../../node.ts";

/** Where a runtime folder may be. */
export interface FolderPlaces {
  readonly platform: NodeJS.Platform;
  /** The effective user. */
  readonly uid: number | undefined;
  /** The one that the user has named; no other is tried then. */
  readonly named: string | undefined;
  /** The one that the parent uses; no other is tried then. */
  readonly inherited: string | undefined;
  /** Where the system keeps temporary files. */
  readonly temporary: string;
  /** Where files are kept in memory; the second that is tried. @default "/dev/shm" */
  readonly memory?: string;
  /** The last that is tried; its path is short. @default "/tmp" */
  readonly last?: string;
}

/** A folder that is ours alone. */
export interface RuntimeFolder {
  readonly path: string;
  /** Where files go that are rewritten often: in memory if the system has a place for them. */
  readonly ledgerPath: string;
  readonly uid: number;
  /**
   * Makes the folder again if something has removed it, and checks it.
   *
   * @throws {Error} As `openRuntimeFolder()`.
   */
  reopen(): void;
}

/**
 * Nobody has tampered with the folder, but it cannot be in this place: a volume of Kubernetes, which all may
 * write to, or the path of a temporary folder on macOS, which is long.
 */
class UnfitPlaceError extends Error {}

/** Where Linux keeps files in memory. */
const SHARED_MEMORY = "/dev/shm";

const LAST_PLACE = "/tmp";

/** The type of a file system that is in memory. */
const TMPFS_MAGIC = 0x01021994;

/**
 * Paths of sockets have 103 bytes at most, on macOS; the longest name in the folder is
 * `/<16 digits>.<pid>-<thread>-<count>.sock`.
 */
const MAX_FOLDER_BYTES = 103 - 41;

/**
 * Opens the folder, and makes it if it does not exist.
 *
 * @throws {Error} With the reason, for a log line, when there is none that is safe.
 */
export function openRuntimeFolder(places: FolderPlaces): RuntimeFolder {
  const { platform, uid, named, inherited, temporary } = places;
  const { memory = SHARED_MEMORY, last = LAST_PLACE } = places;
  if (platform === "win32" || uid === undefined) {
    throw new Error("Windows has no sockets that only one user can open");
  }
  const { basename, join } = nodeModule("node:path");
  const name = `promhttp-${uid}`;
  const inMemory = join(memory, name);
  const chosen = named ?? inherited;
  if (chosen !== undefined) {
    const path = withoutSlash(chosen);
    openOwnFolder(path, uid);
    // A parent may have been told a folder, in a variable that its child has not.
    const isDefault = named === undefined && basename(path) === name;
    return folderAt(path, isDefault ? ledgerPathFor(path, inMemory, uid) : path, uid);
  }
  let reason: UnfitPlaceError | undefined;
  for (const place of [temporary, memory, last]) {
    try {
      const path = join(place, name);
      openOwnFolder(path, uid);
      return folderAt(path, ledgerPathFor(path, inMemory, uid), uid);
    } catch (error) {
      if (!(error instanceof UnfitPlaceError)) throw error;
      reason ??= error;
    }
  }
  throw reason;
}

/** With a slash at its end, a link would be taken for the folder that it leads to. */
function withoutSlash(path: string): string {
  const { isAbsolute, resolve } = nodeModule("node:path");
  if (!isAbsolute(path)) throw new Error(unusable(path, "is not an absolute path"));
  return resolve(path);
}

function folderAt(path: string, ledgerPath: string, uid: number): RuntimeFolder {
  const reopen = () => {
    openOwnFolder(path, uid);
    if (ledgerPath !== path) openOwnFolder(ledgerPath, uid);
  };
  return { path, ledgerPath, uid, reopen };
}

/** The folder itself if it is in memory, or if the one in memory is not safe to use. */
function ledgerPathFor(path: string, inMemory: string, uid: number): string {
  try {
    if (nodeModule("node:fs").statfsSync(path).type === TMPFS_MAGIC) return path;
    openOwnFolder(inMemory, uid);
    return inMemory;
  } catch {
    return path;
  }
}

/** Makes sure that a folder exists and is ours alone. */
function openOwnFolder(path: string, uid: number): void {
  const { accessSync, constants, lstatSync, mkdirSync, statSync } = nodeModule("node:fs");
  const { dirname } = nodeModule("node:path");
  if (Buffer.byteLength(path) > MAX_FOLDER_BYTES) {
    throw new UnfitPlaceError(unusable(path, `has a path of more than ${MAX_FOLDER_BYTES} bytes`));
  }
  attempt(path, () => {
    const reason = reasonAgainstParent(statSync(dirname(path)), uid);
    if (reason !== undefined) throw new UnfitPlaceError(unusable(path, reason));
    try {
      // Not recursive: that would follow links.
      mkdirSync(path, 0o700);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  });
  const reason = reasonAgainst(lstatSync(path), uid);
  if (reason !== undefined) throw new Error(unusable(path, reason));
  attempt(path, () => accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK));
}

function unusable(path: string, reason: string): string {
  return `Runtime folder "${path}" ${reason}; set PROMHTTP_RUNTIME_DIR to another`;
}

const NOT_WRITABLE = ["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "ENOSPC", "EDQUOT"];

function attempt(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!NOT_WRITABLE.includes(code)) throw error;
    throw new UnfitPlaceError(unusable(path, `is not writable (${code})`));
  }
}

/** Why a folder is not ours alone; `undefined` if it is. */
export function reasonAgainst(stats: Stats, uid: number): string | undefined {
  if (stats.isSymbolicLink()) return "is a link";
  if (!stats.isDirectory()) return "is not a folder";
  if (stats.uid !== uid) return "belongs to another user";
  if ((stats.mode & 0o077) !== 0) return "is open to other users";
  return undefined;
}

/** Why others could exchange what is in a folder; `undefined` if they cannot. */
export function reasonAgainstParent(stats: Stats, uid: number): string | undefined {
  if (stats.uid !== 0 && stats.uid !== uid) return "is in a folder of another user";
  const isSticky = (stats.mode & 0o1000) !== 0;
  if ((stats.mode & 0o022) !== 0 && !isSticky) return "is in a folder to which others may write";
  return undefined;
}
