/** Reads a file of settings, and tells whether it has changed. */
import type { BigIntStats } from "node:fs";
import { ConfigError, messageOf } from "../../errors.ts";
import { nodeModule } from "../../node.ts";

/** Far more than any bundle of certificates; what is larger is a mistake. */
const MAX_FILE_BYTES = 4 * 1_024 * 1_024;

/** The stat of what a path leads to, links followed, or why there is none. */
export type FileStats = BigIntStats | Error;

/** Returns the stat of a file. It never rejects. */
export async function statOf(file: string): Promise<FileStats> {
  try {
    return await nodeModule("node:fs/promises").stat(file, { bigint: true });
  } catch (error) {
    return error as Error;
  }
}

/** What differs when a file has been written or replaced, even within one second by as many bytes. */
export function stateOf(stats: FileStats): string {
  if (stats instanceof Error) return String((stats as NodeJS.ErrnoException).code);
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/**
 * Reads a file of which this is the stat.
 *
 * @throws {ConfigError} When it cannot be read, or must not be: a pipe would keep us waiting forever.
 */
export async function readSettings(file: string, stats: FileStats): Promise<Buffer> {
  checkStats(file, stats);
  try {
    return await nodeModule("node:fs/promises").readFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/**
 * Reads a file where nobody can wait for it.
 *
 * @throws {ConfigError} When it cannot be read, or must not be.
 */
export function readSettingsSync(file: string): Buffer {
  const { statSync, readFileSync } = nodeModule("node:fs");
  try {
    checkStats(file, statSync(file, { bigint: true }));
    return readFileSync(file);
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(file, error);
  }
}

function checkStats(file: string, stats: FileStats): void {
  if (stats instanceof Error) throw unreadable(file, stats);
  if (!stats.isFile()) throw new ConfigError(file, "it is not a regular file");
  if (stats.size > MAX_FILE_BYTES) throw new ConfigError(file, "it is larger than 4 MiB");
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ERR_ACCESS_DENIED: "not permitted: Node needs --allow-fs-read",
  ELOOP: "its links go round in a circle",
};

function unreadable(file: string, cause: unknown): ConfigError {
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return new ConfigError(file, REASONS[String(code)] ?? messageOf(cause), { cause });
}
