import { writeSync } from "node:fs";
import { inspect } from "node:util";
import type { LogFields, Logger } from "../index.ts";

/**
 * Writes a line to standard error, and never throws. Does not touch `process.stderr` and emits no
 * warning, because the application could see both.
 */
export function warn(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // There is nowhere left to report it.
  }
}

/**
 * The message of whatever was thrown: a library may throw anything, which `inspect` can show. Not the function
 * of `errors.ts`: that would load the entry into processes that serve nothing.
 */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}

const write = (line: string, fields?: LogFields): void => warn(line + framesOf(fields?.["err"]));

/** Logs to standard error: nothing of a preload may be on standard output. */
export const STANDARD_ERROR_LOGGER: Logger = { error: write, warn: write };

/** Where an error was thrown, which the server says only once; the line shows its message. */
function framesOf(error: unknown): string {
  const { stack } = (error ?? {}) as { readonly stack?: unknown };
  return /\n\s+at [\s\S]*/.exec(String(stack))?.[0] ?? "";
}
