import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "../../../../src/log.ts";
import { createLineWriter } from "../../../../src/server/thread/application/user-logger.ts";
import { packError } from "../../../../src/server/thread/error-parcel.ts";
import { captureProcessErrors } from "../../../helpers/capture-process-errors.ts";

test("a line calls the method of its level, on the logger itself", () => {
  const calls: unknown[][] = [];
  class OwnLogger implements Logger {
    readonly calls = calls;
    error(...args: unknown[]) {
      this.calls.push(["error", ...args]);
    }
    warn(...args: unknown[]) {
      this.calls.push(["warn", ...args]);
    }
    info(...args: unknown[]) {
      this.calls.push(["info", ...args]);
    }
  }
  const write = createLineWriter(new OwnLogger());
  write({ type: "log", level: "error", args: ["a", { failures: 2 }] });
  write({ type: "log", level: "warn", args: ["b"] });
  write({ type: "log", level: "info", args: [{ collector: "c" }, "c"] });
  assert.deepEqual(calls, [
    ["error", "a", { failures: 2 }],
    ["warn", "b"],
    ["info", { collector: "c" }, "c"],
  ]);
});

test("a line that something works again is a warning where the logger has no info()", () => {
  const calls: unknown[][] = [];
  const write = createLineWriter({ error() {}, warn: (...args) => calls.push(args) });
  write({ type: "log", level: "info", args: ["a", { failures: 2 }] });
  assert.deepEqual(calls, [["a", { failures: 2 }]]);
});

test("an error in the fields is one again, which loggers can write as JSON", () => {
  let fields: { err?: Error } = {};
  const logger: Logger = {
    error(_, given) {
      fields = given ?? {};
    },
    warn() {},
  };
  const write = createLineWriter(logger);
  write({ type: "log", level: "error", args: ["a", { err: packError(new RangeError("r")) }] });
  assert.ok(fields.err instanceof RangeError);
  const { message, stack } = JSON.parse(JSON.stringify(fields.err));
  assert.equal(message, "r");
  assert.match(stack, /user-logger\.test/);
  write({
    type: "log",
    level: "error",
    args: ["a", { err: { ...packError(new RangeError("r")), stack: undefined } }],
  });
  assert.equal(JSON.parse(JSON.stringify(fields.err)).stack, undefined);
});

test("a logger that throws, rejects or lacks a method does no harm", async () => {
  const errors = captureProcessErrors();
  const error = () => {
    throw new Error("full");
  };
  const write = createLineWriter({ error, warn: () => Promise.reject(new Error("full")) });
  for (const level of ["error", "warn", "info"] as const)
    write({ type: "log", level, args: ["a"] });
  createLineWriter(false)({ type: "log", level: "error", args: ["a"] });
  await errors.assertNone();
});
