/** Writes a line for the parent of this process. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
