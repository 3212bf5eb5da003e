/** What a client says of itself in the header `Authorization`. */
export type Credentials = Login | { readonly token: string };

/** A user and a password. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What is longer is not read. */
const MAX_HEADER_LENGTH = 4_096;

/**
 * Reads the header `Authorization`.
 *
 * @returns `undefined` for what is too long, malformed, or of another scheme.
 */
export function readCredentials(header: string): Credentials | undefined {
  if (header.length > MAX_HEADER_LENGTH) return undefined;
  // RFC 9110 §11.4 has one space, and a scheme in any case.
  const [, scheme, value = ""] = /^(basic|bearer) ([!-~]+)$/i.exec(header) ?? [];
  if (scheme === undefined) return undefined;
  return scheme.length === "bearer".length ? { token: value } : readBasic(value);
}

/** RFC 4648 §4: base64 with its padding. */
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;

/** RFC 7617 §2. */
function readBasic(value: string): Login | undefined {
  if (!BASE64.test(value)) return undefined;
  const bytes = Buffer.from(value, "base64");
  const text = bytes.toString();
  // What is not UTF-8, which our challenge asks for, would come out as U+FFFD: different passwords as one.
  if (!Buffer.from(text).equals(bytes)) return undefined;
  // bcrypt repeats a password behind a NUL, which "a" and "a\0a" would be equal for. No tool hashes one.
  if (text.includes("\0")) return undefined;
  // The first colon ends the name.
  const end = text.indexOf(":");
  return end === -1 ? undefined : { user: text.slice(0, end), password: text.slice(end + 1) };
}

/**
 * Whether a request has credentials twice: Node takes the first, and a proxy in front may have judged the
 * last.
 *
 * @param rawHeaders Names and values in turn, as `node:http` has them; empty where nobody knows them.
 * @param header What the request has, joined by commas where it has several.
 */
export function isTwofold(rawHeaders: readonly string[], header: string): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === NAME.length && name.toLowerCase() === NAME) count++;
  }
  return count > 1 || /, ?(?:basic|bearer) /i.test(header);
}

const NAME = "authorization";
