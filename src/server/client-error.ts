import { BAD_REQUEST, type FixedAnswer, REQUEST_TIMEOUT } from "../http/fixed-answers.ts";
import { allHeaders } from "../http/send.ts";
import { nodeModule } from "../node.ts";

/** What the parser of `node:http` reports of bytes that are not a request. */
export interface ClientError extends Error {
  readonly code?: string;
  /** What it says about it. */
  readonly reason?: string;
  /** The bytes that it read last. */
  readonly rawPacket?: Buffer;
  /** How many of these it has parsed. */
  readonly bytesParsed?: number;
}

const NOT_IMPLEMENTED: FixedAnswer = { status: 501, text: "This method is not implemented.\n" };

/** The answer to what is not a request; it is loaded for the first. Nothing that was received is part of it. */
export function clientErrorAnswer(error: ClientError, maxHeaderBytes: number): FixedAnswer {
  switch (error.code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return REQUEST_TIMEOUT;
    case "HPE_HEADER_OVERFLOW": {
      const limit = `than ${maxHeaderBytes} bytes, the limit of the option maxHeaderBytes.\n`;
      return isInTarget(error)
        ? { status: 414, text: `The request target is longer ${limit}` }
        : { status: 431, text: `The request headers are longer ${limit}` };
    }
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { status: 413, text: "The chunk extensions are too large.\n" };
    case "HPE_INVALID_METHOD":
      return REQUEST_LINE.test(lineOf(error)) ? NOT_IMPLEMENTED : BAD_REQUEST;
    // For the methods that the parser has for other protocols, such as DESCRIBE; otherwise for a version.
    case "HPE_INVALID_CONSTANT":
      return error.reason?.startsWith("Invalid method") ? NOT_IMPLEMENTED : BAD_REQUEST;
    default:
      return BAD_REQUEST;
  }
}

/**
 * RFC 9112 §3: what would be a request line if its method were known. Of one that comes in pieces, the
 * begin must be here, up to the first character of the target.
 */
const REQUEST_LINE =
  /^[!#$%&'*+.^`|~\w-]+ (?:[^ ]+ HTTP\/1\.[01]\r?\n?|[/h][^ \n]*(?: [HTP/1.]*)?)$/;

/** The line that the parser has failed in, as far as it has been read. */
function lineOf({ rawPacket, bytesParsed = 0 }: ClientError): string {
  const text = rawPacket?.toString("latin1") ?? "";
  const start = text.lastIndexOf("\n", bytesParsed - 1) + 1;
  const end = text.indexOf("\n", bytesParsed);
  return text.slice(start, end === -1 ? undefined : end + 1);
}

/**
 * Whether a head overflowed before its request line was whole.
 *
 * The parser keeps only the bytes that it read last. If these continue a head that began before, and
 * no line ends in them, they are of the target or of one header. Then `&` decides: it separates the
 * parts of a query, such as `name[]=`, but hardly ever stands in a token or a cookie.
 */
function isInTarget({ rawPacket, bytesParsed }: ClientError): boolean {
  const text = rawPacket?.toString("latin1", 0, bytesParsed) ?? "";
  const head = text.slice(text.lastIndexOf("\r\n\r\n") + 1).replace(/^[\r\n]+/, "");
  if (head.includes("\n")) return false;
  return /^[A-Z-]+ [^ ]+$/.test(head) || (head.includes("&") && !/[^\x21-\x7e]/.test(head));
}

/** Writes an answer that closes its connection, for where `node:http` makes no response. */
export function bytesOf({ status, text, headers }: FixedAnswer): string {
  const given = {
    // RFC 9110 §6.6.1: an origin server that has a clock must send it with every 4xx.
    Date: new Date().toUTCString(),
    "Content-Type": "text/plain; charset=utf-8",
    ...headers,
    Connection: "close",
  };
  const all = allHeaders(given, Buffer.byteLength(text));
  const reason = nodeModule("node:http").STATUS_CODES[status];
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${reason}`, ...lines, "", text].join("\r\n");
}
