/** Reads a file of settings, and tells whether it has changed. */
import { nodeModule } from "../../node.ts";
import { checkStats, type FileStats, unreadable } from "./settings-file.ts";

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
