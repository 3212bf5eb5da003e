import { ConfigError } from "../../errors.ts";
import { tokenFault } from "../../options/security-rules.ts";

/**
 * Reads a file of bearer tokens, one in each line. Blank lines, and those that begin with `#`, are skipped.
 *
 * @throws {ConfigError} For a line that is not a token, which the message does not show, and for a file
 *   without any: it may be half written, and must not let everybody in.
 */
export function tokensIn(bytes: Uint8Array, file: string): string[] {
  const tokens: string[] = [];
  const lines = new TextDecoder().decode(bytes).split("\n");
  for (const [index, text] of lines.entries()) {
    const line = text.trim();
    if (line === "" || line.startsWith("#")) continue;
    const fault = tokenFault(line);
    if (fault !== undefined) {
      throw new ConfigError(file, `each line must be ${fault}`, { line: index + 1 });
    }
    tokens.push(line);
  }
  if (tokens.length === 0) throw new ConfigError(file, "there is no token in it");
  return tokens;
}
