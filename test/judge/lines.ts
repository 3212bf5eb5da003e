import { ExpositionError } from "./types.ts";

/**
 * Splits a body into its lines.
 *
 * A body is UTF-8 without a byte order mark, and its lines end with LF (Prometheus, Exposition
 * formats). A last line without its LF is returned like the others; `isTerminated` tells.
 */
export function splitLines(body: Uint8Array | string): { lines: string[]; isTerminated: boolean } {
  const text = typeof body === "string" ? body : decodeUtf8(body, "the body");
  if (/\p{Surrogate}/u.test(text)) {
    throw new ExpositionError("line 1", "the body holds a lone surrogate");
  }
  if (text.startsWith("\uFEFF")) {
    throw new ExpositionError("line 1", "the body begins with a byte order mark");
  }
  const lines = text.split("\n");
  const isTerminated = lines.at(-1) === "";
  if (isTerminated) {
    lines.pop();
  }
  return { lines, isTerminated };
}

/** Decodes UTF-8 and throws at the first wrong sequence; keeps a byte order mark. */
export function decodeUtf8(bytes: Uint8Array, what: string, place = "line 1"): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ExpositionError(place, `${what} is not UTF-8`);
  }
}
