import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { createLog, createOnce, type Logger } from "../src/log.ts";
import { tick } from "./helpers/turns.ts";

function createRecorder() {
  const lines: unknown[][] = [];
  const logger: Logger = {
    error: (...args: unknown[]) => lines.push(["error", ...args]),
    warn: (...args: unknown[]) => lines.push(["warn", ...args]),
  };
  return { logger, lines };
}

test("createLog() logs one string with the name of the package", () => {
  const { logger, lines } = createRecorder();
  const log = createLog(logger);
  log.warn("Careful");
  log.error("Broken", "because");
  log.error("Nothing", undefined);
  assert.deepEqual(lines, [
    ["warn", "promhttp: Careful"],
    ["error", "promhttp: Broken: 'because'"],
    ["error", "promhttp: Nothing"],
  ]);
});

test("createLog() shows an error with its stack and its cause", () => {
  const { logger, lines } = createRecorder();
  createLog(logger).error("Broken", new Error("outer", { cause: new Error("inner") }));
  const text = String(lines[0]?.[1]);
  assert.match(text, /^promhttp: Broken: Error: outer\n {4}at /);
  assert.match(text, /cause.*Error: inner/);
});

test("createLog() calls the methods on the logger", () => {
  const logger = {
    lines: [] as string[],
    error(message: string) {
      this.lines.push(message);
    },
    warn(message: string) {
      this.lines.push(message);
    },
  };
  const log = createLog(logger);
  log.error("a", undefined);
  log.warn("b");
  assert.deepEqual(logger.lines, ["promhttp: a", "promhttp: b"]);
});

test("createLog() logs nothing for false", () => {
  const log = createLog(false);
  log.error("Broken", new Error("down"));
  log.warn("Careful");
});

const BROKEN_LOGGERS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error("disk full");
  },
  rejects: () => Promise.reject(new Error("disk full")),
};

for (const [how, write] of Object.entries(BROKEN_LOGGERS)) {
  test(`createLog() survives a logger that ${how}`, async () => {
    const log = createLog({ error: write, warn: write });
    log.error("Broken", new Error("down"));
    log.warn("Careful");
    // An unhandled rejection would fail the test run.
    await tick();
  });
}

test("createLog() survives an error that cannot be shown", () => {
  const { logger, lines } = createRecorder();
  const vicious = {
    [inspect.custom]() {
      throw new Error("no");
    },
  };
  createLog(logger).error("Broken", vicious);
  assert.deepEqual(lines, [["error", "promhttp: Broken: an error that cannot be shown"]]);
});

test("createOnce() tells whether a message is new", () => {
  const isNews = createOnce();
  assert.deepEqual(
    [isNews("a"), isNews("a"), isNews("b"), isNews("a")],
    [true, false, true, false],
  );
});

test("createOnce() bounds its memory", () => {
  const isNews = createOnce();
  for (let index = 0; index < 1_000; index++) assert.equal(isNews(`${index}`), true);
  assert.equal(isNews("0"), false);
  assert.equal(isNews("one too many"), true);
  assert.equal(isNews("0"), true);
});
