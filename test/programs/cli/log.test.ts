import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgramLog, LOG_LEVELS, type LogFormat } from "../../../src/programs/cli/log.ts";

/** What a log writes for one message, without the time. */
function lineOf(format: LogFormat, message: string, fields?: Readonly<Record<string, string>>) {
  const lines: string[] = [];
  createProgramLog("debug", format, (line) => lines.push(line)).info(message, fields);
  return lines.join("\n").replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, "TIME");
}

test("The log writes logfmt, and quotes what would not end where it ends", () => {
  const fields = {
    address: "[::]:9464",
    empty: "",
    equals: "a=b",
    quote: 'say "hi"',
    err: "Error: no\n    at x",
    umlaut: "Größe",
  };
  assert.equal(
    lineOf("logfmt", "Listening on", fields),
    'ts=TIME level=info msg="Listening on" address=[::]:9464 empty="" equals="a=b" ' +
      'quote="say \\"hi\\"" err="Error: no\\n    at x" umlaut=Größe',
  );
  assert.equal(lineOf("logfmt", "Bye"), "ts=TIME level=info msg=Bye");
});

test("The log writes JSON", () => {
  assert.deepEqual(JSON.parse(lineOf("json", "Listening on", { url: "http://[::1]:1/\n" })), {
    ts: "TIME",
    level: "info",
    msg: "Listening on",
    url: "http://[::1]:1/\n",
  });
});

for (const [index, level] of LOG_LEVELS.entries()) {
  test(`The log of level ${level} writes that level and those above it`, () => {
    const lines: string[] = [];
    const log = createProgramLog(level, "logfmt", (line) => lines.push(line));
    for (const name of LOG_LEVELS) log[name]("x");
    assert.deepEqual(
      lines.map((line) => / level=(\w+) /.exec(line)?.[1]),
      LOG_LEVELS.slice(index),
    );
  });
}
