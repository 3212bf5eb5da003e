import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../../src/log.ts";
import {
  createProgramLog,
  LOG_LEVELS,
  type LogFormat,
  toLogger,
} from "../../../src/programs/cli/log.ts";

/** The line of one message, without the time. */
function lineOf(format: LogFormat, message: string, fields?: Readonly<Record<string, string>>) {
  const lines: string[] = [];
  createProgramLog("debug", format, (line) => lines.push(line)).info(message, fields);
  return lines.join("\n").replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, "TIME");
}

test("the log writes logfmt and quotes ambiguous values", () => {
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

test("the log writes JSON", () => {
  assert.deepEqual(JSON.parse(lineOf("json", "Listening on", { url: "http://[::1]:1/\n" })), {
    ts: "TIME",
    level: "info",
    msg: "Listening on",
    url: "http://[::1]:1/\n",
  });
});

for (const [index, level] of LOG_LEVELS.entries()) {
  test(`the log of level ${level} writes that level and those above it`, () => {
    const lines: string[] = [];
    const log = createProgramLog(level, "logfmt", (line) => lines.push(line));
    for (const name of LOG_LEVELS) log[name]("x");
    assert.deepEqual(
      lines.map((line) => / level=(\w+) /.exec(line)?.[1]),
      LOG_LEVELS.slice(index),
    );
  });
}

test("toLogger() writes the fields of a server's line as text", () => {
  const lines: string[] = [];
  const logger = toLogger(createProgramLog("info", "logfmt", (line) => lines.push(line)));
  const log = createLog(logger, () => now);
  let now = 0;
  const about = { kind: "collector", fields: { collector: "db" }, again: "It works again" };
  for (; now <= 60_000; now += 30_000) log.error("It failed", new TypeError("down"), about);
  log.settled("collector");
  log.note("Look");
  const [first, ...others] = lines.map((line) => line.replace(/^ts=\S+ /, ""));
  assert.match(
    String(first),
    /^level=error msg="It failed" collector=db err="TypeError: down" stack="TypeError: down\\n {4}at [^"]*"$/,
  );
  assert.deepEqual(others, [
    'level=error msg="It failed (2 times in 60 s)" collector=db failures=2 err="TypeError: down"',
    'level=info msg="It works again (3 failures)" collector=db failures=3',
    "level=warn msg=Look",
  ]);
});
