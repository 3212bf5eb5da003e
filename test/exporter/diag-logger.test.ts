import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";
import { diagLogger } from "../../src/exporter/diag-logger.ts";
import { createLog } from "../../src/log.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";

/** A logger for `diag` that keeps its lines. */
function createDiagLogger(): DiagLogger & { lines: unknown[][] } {
  const lines: unknown[][] = [];
  const keep =
    (level: string) =>
    (...line: unknown[]) =>
      void lines.push([level, ...line]);
  return {
    lines,
    error: keep("error"),
    warn: keep("warn"),
    info: keep("info"),
    debug: keep("debug"),
    verbose: keep("verbose"),
  };
}

test("lines go to diag while it has a logger, and to the console otherwise", () => {
  const warn = mock.method(console, "warn", () => {});
  const error = mock.method(console, "error", () => {});
  const log = createLog(diagLogger(console));
  const logger = createDiagLogger();
  try {
    log.note("before");
    diag.setLogger(logger);
    log.note("now");
    log.error("failed", new Error("broken"), { kind: "k" });
    log.settled("k");
    diag.disable();
    log.error("failed", "again");
  } finally {
    diag.disable();
    mock.restoreAll();
  }
  assert.deepEqual(logger.lines[0], ["warn", "promhttp: now"]);
  assert.match(String(logger.lines[1]), /^error,promhttp: failed: Error: broken\n +at /);
  assert.deepEqual(logger.lines[2], ["info", "promhttp: No longer: failed (1 failure)"]);
  assert.equal(logger.lines.length, 3);
  const lines = [warn, error].map(({ mock }) => mock.calls.map((call) => call.arguments));
  assert.deepEqual(lines, [[["promhttp: before"]], [["promhttp: failed: 'again'"]]]);
});

test("diag's level applies", () => {
  const logger = createDiagLogger();
  diag.setLogger(logger, DiagLogLevel.ERROR);
  createLog(diagLogger(console)).note("not important");
  diag.disable();
  assert.deepEqual(logger.lines, []);
});

test("a fallback without info() gets such a line as a warning", () => {
  const recorder = createRecorder();
  const logger = diagLogger(recorder);
  logger.info?.("again");
  logger.error("failed");
  assert.deepEqual(recorder.lines, ["warn again", "error failed"]);
});
