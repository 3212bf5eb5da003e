/** Environment variables of both preloads that say yes or no. */

/** The texts of a switch. */
export const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
]);

/**
 * Reads a variable that says yes or no.
 *
 * @throws {RangeError} For any other text; the message names the variable.
 */
export function switchIn(name: string, text: string): boolean {
  const value = SWITCHES.get(text);
  if (value !== undefined) return value;
  throw new RangeError(`Environment variable ${name} must be 0 or 1, got "${text}"`);
}

/**
 * Reads whether the server runs in a thread of its own; without the variable, or an empty one, it does not.
 *
 * @throws {RangeError} For an invalid value.
 */
export function threadIn({
  PROMHTTP_THREAD: text,
}: Readonly<Record<string, string | undefined>>): boolean {
  return text ? switchIn("PROMHTTP_THREAD", text) : false;
}
