/** One HTTP response as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  /** The status line and the headers. */
  readonly head: string;
  /** The headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What came after it. */
  readonly rest: string;
}

/** Reads the first response of `text`; returns `undefined` as long as it is not complete. */
export function parseResponse(text: string, isHead = false): RawResponse | undefined {
  const parsed = parseHead(text);
  if (parsed === undefined) return undefined;
  const { head, status, headers } = parsed;
  const content = readBody(text.slice(head.length + 4), headers, isHead || status === 204);
  return content && { ...parsed, ...content };
}

/** Reads the status line and the headers of a response; returns `undefined` without their end. */
export function parseHead(text: string): Omit<RawResponse, "body" | "rest"> | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    // RFC 9110 §5.3.
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { status: Number(statusLine.split(" ")[1]), head, headers };
}

function readBody(
  text: string,
  headers: Readonly<Record<string, string>>,
  isEmpty: boolean,
): { body: string; rest: string } | undefined {
  if (isEmpty) return { body: "", rest: text };
  if (headers["transfer-encoding"] === "chunked") return readChunks(text);
  const length = Number(headers["content-length"]);
  return text.length >= length
    ? { body: text.slice(0, length), rest: text.slice(length) }
    : undefined;
}

function readChunks(text: string): { body: string; rest: string } | undefined {
  const chunks: string[] = [];
  for (let at = 0; ; ) {
    const end = text.indexOf("\r\n", at);
    if (end === -1) return undefined;
    const length = Number.parseInt(text.slice(at, end), 16);
    const next = end + 2 + length + 2;
    if (text.length < next) return undefined;
    if (length === 0) return { body: chunks.join(""), rest: text.slice(next) };
    chunks.push(text.slice(end + 2, end + 2 + length));
    at = next;
  }
}
