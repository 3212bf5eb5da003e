import { writeSync } from "node:fs";

/**
 * Writes a line to standard error, and never throws. It does not touch `process.stderr`, nor emit a
 * warning, because both can be seen by the application.
 */
export function warn(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // There is nowhere left to say it.
  }
}
