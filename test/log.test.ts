import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ConsoleLogger, Logger as NestLogger } from "@nestjs/common";
import { createLog, type Logger } from "../src/log.ts";
import { tick } from "./helpers/turns.ts";

/** A logger that keeps its arguments, and a clock that a test moves. */
function createRecorder(more: object = {}) {
  const lines: unknown[][] = [];
  const clock = { now: 0 };
  const logger = {
    error: (...args: unknown[]) => lines.push(["error", ...args]),
    warn: (...args: unknown[]) => lines.push(["warn", ...args]),
    ...more,
  } as Logger;
  return { lines, clock, log: createLog(logger, () => clock.now), logger };
}

const ABOUT = { kind: "collector", name: "db", fields: { collector: "db" }, again: "db works" };

test("createLog() logs a message with the name of the package", () => {
  const { log, lines } = createRecorder();
  log.warn("Careful");
  log.note("Look");
  assert.deepEqual(lines, [
    ["warn", "promhttp: Careful"],
    ["warn", "promhttp: Look"],
  ]);
});

test("createLog() gives a logger the message with the reason, and the fields", () => {
  const { log, lines } = createRecorder();
  log.error("Broken", new TypeError("down"), ABOUT);
  const [[level, message, fields] = []] = lines;
  assert.deepEqual([level, message], ["error", "promhttp: Broken: TypeError: down"]);
  const { collector, err } = fields as { collector: string; err: Error };
  assert.equal(collector, "db");
  assert.ok(err instanceof TypeError);
  assert.match(JSON.parse(JSON.stringify(err)).stack, /^TypeError: down\n {4}at /);
});

test("createLog() gives a logger with bindings() the fields, and the message", () => {
  const { log, lines } = createRecorder({ bindings: () => ({}) });
  log.error("Broken", new Error("down"), ABOUT);
  log.warn("Careful");
  const [[, fields, message] = [], careful] = lines;
  assert.equal(message, "promhttp: Broken");
  assert.deepEqual(Object.keys(fields as object), ["collector", "err"]);
  assert.deepEqual(careful, ["warn", "promhttp: Careful"]);
});

test("createLog() gives a console one text", () => {
  const { log, lines } = createRecorder({ dir() {}, groupEnd() {} });
  log.error("Broken", new Error("outer", { cause: new Error("inner") }), ABOUT);
  assert.equal(lines[0]?.length, 2);
  assert.match(String(lines[0]?.[1]), /^promhttp: Broken: Error: outer\n {4}at .*Error: inner/s);
});

test("createLog() logs a fault when it begins, once a minute, and when it is over", () => {
  const { log, lines, clock } = createRecorder({ dir() {}, groupEnd() {} });
  for (; clock.now <= 60_000; clock.now += 15_000) log.error("Broken", "down", ABOUT);
  log.settled("collector", (name) => name === "db");
  log.settled("other");
  log.settled("collector");
  log.settled("collector");
  assert.deepEqual(lines, [
    ["error", "promhttp: Broken: 'down'"],
    ["error", "promhttp: Broken (4 times in 60 s): 'down'"],
    ["warn", "promhttp: db works (5 failures)"],
  ]);
});

test("createLog() says that a fault is over by info(), where a logger has it", () => {
  const lines: unknown[][] = [];
  const { log } = createRecorder({ info: (...args: unknown[]) => lines.push(args) });
  log.error("Broken", "down", ABOUT);
  log.settled("collector");
  assert.deepEqual(lines, [["promhttp: db works (1 failure)", { collector: "db", failures: 1 }]]);
});

test("createLog() shows the stack of an error once", () => {
  const { log, lines, clock } = createRecorder();
  const error = new Error("took 5 ms");
  for (; clock.now < 3 * 60_000; clock.now += 60_000) log.error("Broken", error, ABOUT);
  assert.equal(inspect(lines, { depth: 9 }).match(/Error: took 5 ms\n {4,}at /g)?.length, 1);
  assert.deepEqual(
    lines.map(([, , fields]) => Object.keys(fields as object)),
    [
      ["collector", "err"],
      ["collector", "err", "failures"],
      ["collector", "err", "failures"],
    ],
  );
});

test("createLog() shows the latest error, and the stack of another at the next reminder", () => {
  const { log, lines, clock } = createRecorder({ dir() {}, groupEnd() {} });
  log.error("Broken", new Error("refused"), ABOUT);
  clock.now = 30_000;
  log.error("Broken", new Error("unknown column"), ABOUT);
  assert.equal(lines.length, 1);
  clock.now = 60_000;
  log.error("Broken", new Error("no such table"), ABOUT);
  assert.match(String(lines[1]?.[1]), /\(2 times in 60 s\): Error: no such table\n {4}at /);
});

test("createLog() takes lines of the same message for one fault", () => {
  const { log, lines, clock } = createRecorder();
  for (let index = 0; index < 5; index++) log.error("Server error", index);
  for (let index = 0; index < 5; index++) log.warn("Careful");
  clock.now = 20 * 60_000;
  log.settled("scrape");
  assert.deepEqual(
    lines.map(([, message]) => message),
    [
      "promhttp: Server error: 0",
      "promhttp: Careful",
      "promhttp: No longer: Server error (5 failures)",
      "promhttp: No longer: Careful (5 failures)",
    ],
  );
});

test("createLog() says once that there are too many faults", () => {
  const { log, lines } = createRecorder();
  for (let index = 0; index < 5_000; index++) log.warn(`Skipped "${index}"`);
  assert.equal(lines.length, 1_001);
  assert.deepEqual(lines.at(-1), [
    "error",
    "promhttp: Too many different faults; the others are only counted",
  ]);
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
    info(message: string) {
      this.lines.push(message);
    },
  };
  const log = createLog(logger);
  log.error("a", undefined);
  log.warn("b");
  log.settled("a");
  assert.deepEqual(logger.lines, [
    "promhttp: a",
    "promhttp: b",
    "promhttp: No longer: a (1 failure)",
  ]);
});

test("createLog() logs nothing for false", () => {
  const log = createLog(false);
  log.error("Broken", new Error("down"));
  log.warn("Careful");
  log.note("Look");
  log.settled("Broken");
});

const throws = () => {
  throw new Error("disk full");
};
const rejects = () => Promise.reject(new Error("disk full"));

const BROKEN_LOGGERS: Readonly<Record<string, Logger>> = {
  throws: { error: throws, warn: throws, info: throws },
  rejects: { error: rejects, warn: rejects, info: rejects },
  "throws when it is looked at": Object.defineProperties({} as Logger, {
    error: { get: throws },
    warn: { get: throws },
    info: { get: throws },
    bindings: { get: throws },
    dir: { get: throws },
  }),
};

for (const [how, logger] of Object.entries(BROKEN_LOGGERS)) {
  test(`createLog() survives a logger that ${how}`, async () => {
    const log = createLog(logger);
    log.error("Broken", new Error("down"));
    log.warn("Careful");
    log.settled("Broken");
    // An unhandled rejection would fail the test run.
    await tick();
  });
}

test("createLog() survives an error that cannot be shown", () => {
  const { log, lines } = createRecorder();
  const vicious = {
    [inspect.custom]() {
      throw new Error("no");
    },
  };
  log.error("Broken", vicious);
  assert.equal(lines[0]?.[1], "promhttp: Broken: an error that cannot be shown");
});

test("createLog() takes the loggers of Node and NestJS", () => {
  // The compiler looks at their types.
  const loggers: Logger[] = [console, new NestLogger(), new ConsoleLogger()];
  assert.equal(loggers.length, 3);
});

test("createLog() gives NestJS's logger the message, and the fields below it", () => {
  const logger = new ConsoleLogger("Metrics", { colors: false });
  const text: string[] = [];
  const write = (chunk: unknown) => text.push(String(chunk)) > 0;
  const { stdout, stderr } = process;
  const originals = [stdout.write, stderr.write] as const;
  stdout.write = write;
  stderr.write = write;
  try {
    createLog(logger).error("Broken", new Error("down"), ABOUT);
  } finally {
    [stdout.write, stderr.write] = originals;
  }
  assert.match(text.join(""), /ERROR \[Metrics\] promhttp: Broken: Error: down\b/);
  assert.match(text.join(""), /collector: .*db/s);
});
