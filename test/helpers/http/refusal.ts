import assert from "node:assert/strict";

/** The answer to what is not a request, without its date. */
export function refusal(status: string, text: string, ...headers: readonly string[]): string {
  return [
    `HTTP/1.1 ${status}`,
    "Content-Type: text/plain; charset=utf-8",
    ...headers,
    "Connection: close",
    "X-Content-Type-Options: nosniff",
    `Content-Length: ${text.length}`,
    "",
    text,
  ].join("\r\n");
}

/** Takes the date out of an answer, which must have one. */
export function withoutDate(answer: string): string {
  const [head = ""] = answer.split("\r\n\r\n", 1);
  const date = /\r\nDate: (.*)/.exec(head);
  assert.ok(date && new Date(date[1] ?? "").toUTCString() === date[1], `no date: ${answer}`);
  return answer.replace(date[0], "");
}
