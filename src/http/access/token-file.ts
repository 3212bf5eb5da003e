import { ConfigError } from "../../errors.ts";
import { nodeModule } from "../../node.ts";
import { tokenFault } from "../../options/security-rules.ts";
import { readSettingsSync } from "./settings-file.ts";

/** A file of bearer tokens that has been read. */
export interface TokenFile {
  /** Its path, which is absolute: the working directory may change before it is read again. */
  readonly file: string;
  readonly tokens: readonly string[];
}

/**
 * Reads a file of bearer tokens in one turn.
 *
 * @throws {ConfigError} When it cannot be read, and for what `tokensIn()` refuses.
 */
export function openTokenFile(path: string): TokenFile {
  const file = nodeModule("node:path").resolve(path);
  return { file, tokens: tokensIn(readSettingsSync(file), file) };
}

/**
 * Reads the bearer tokens of a file, one in each line. Blank lines, and those that begin with `#`, are skipped.
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
