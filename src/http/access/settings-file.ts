/** Reads a file of settings in one turn, for a caller that cannot wait; `settings-change.ts` reads the others. */
import type { BigIntStats } from "node:fs";
import { ConfigError, messageOf } from "../../errors.ts";
import { nodeModule } from "../../node.ts";

/** Far more than any bundle of certificates; what is larger is a mistake. */
const MAX_FILE_BYTES = 4 * 1_024 * 1_024;

/** The stat of what a path leads to, links followed, or why there is none. */
export type FileStats = BigIntStats | Error;

/**
 * Reads a file in one turn.
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

/**
 * Checks what is known of a file before it is read: a pipe would keep us waiting forever.
 *
 * @throws {ConfigError} When it must not be read.
 */
export function checkStats(file: string, stats: FileStats): void {
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

/** Makes the error for a file that could not be read. */
export function unreadable(file: string, cause: unknown): ConfigError {
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return new ConfigError(file, REASONS[String(code)] ?? messageOf(cause), { cause });
}
