/** One clause of an `Accept` or `Accept-Encoding` header. */
export interface Clause {
  /** What comes before the first `;`, in lower case: a media range or a content coding. */
  readonly value: string;
  /** The parameters without the weight: name in lower case, value unquoted. */
  readonly params: ReadonlyMap<string, string>;
  /** The weight, 0 to 1; 0 means "not acceptable". */
  readonly q: number;
}

/** The longest header that is read, in bytes. Prometheus sends about 400. */
export const MAX_HEADER_BYTES = 8192;

/** The most clauses that a header may have. Prometheus sends six. */
export const MAX_CLAUSES = 64;

/** The lowest weight of RFC 9110 §12.4.2 that still means "acceptable". */
const LOWEST_Q = 0.001;

/**
 * Splits a header of weighted alternatives into its clauses, in header order.
 *
 * Never throws and takes linear time. A header that is absent, empty, longer than
 * {@link MAX_HEADER_BYTES} or richer than {@link MAX_CLAUSES} has no clauses. Of a repeated
 * parameter the last counts: Prometheus 3.0 to 3.2.0 send `escaping` twice.
 *
 * @param header The value, as `node:http` returns it: several lines joined by `, `.
 */
export function parseClauses(header: string | undefined): readonly Clause[] {
  if (header === undefined || header.length > MAX_HEADER_BYTES) return [];
  const clauses: Clause[] = [];
  for (const text of splitUnquoted(header, ",")) {
    // RFC 9110 §5.6.1.2: a recipient ignores empty list elements.
    if (text === "") continue;
    if (clauses.length === MAX_CLAUSES) return [];
    clauses.push(parseClause(text));
  }
  return clauses;
}

function parseClause(text: string): Clause {
  const [value = "", ...rest] = splitUnquoted(text, ";");
  const params = new Map<string, string>();
  for (const param of rest) {
    const equals = param.indexOf("=");
    if (equals === -1) continue;
    params.set(
      param.slice(0, equals).trim().toLowerCase(),
      unquote(param.slice(equals + 1).trim()),
    );
  }
  const q = parseWeight(params.get("q"));
  params.delete("q");
  return { value: value.toLowerCase(), params, q };
}

/**
 * Reads a weight (RFC 9110 §12.4.2).
 *
 * An invalid weight counts as the lowest one, never as 1: Prometheus 2.49.0 sends `q=2` for the
 * alternative that it prefers least.
 */
function parseWeight(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : LOWEST_Q;
}

/** Splits at each separator outside of quoted strings, and trims the parts. */
function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') isQuoted = !isQuoted;
    // RFC 9110 §5.6.4: inside of quotes a backslash escapes the next character.
    else if (char === "\\" && isQuoted) i++;
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}

/** Unquotes a quoted string (RFC 9110 §5.6.4); a token stays as it is. */
function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}
