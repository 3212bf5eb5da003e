// The log of 1,000 failing scrapes, as an operator reads it, with the loggers that people use.
import assert from "node:assert/strict";
import { Console } from "node:console";
import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { type TestContext, test } from "node:test";
import Fastify from "fastify";
import pino from "pino";
import winston from "winston";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import type { Logger } from "../../src/log.ts";
import { createLog } from "../../src/log.ts";
import type { Gatherer } from "../../src/model/gatherer.ts";
import type { ServerOptions } from "../../src/options/options.ts";
import { resolveOptions } from "../../src/options/rules.ts";
import { createScrapeHandler } from "../../src/scrape/scrape.ts";
import { gaugeOf } from "../helpers/families.ts";
import { mockClock } from "../helpers/mock-clock.ts";
import { scraperOf } from "./harness.ts";

const SCRAPES = 1_000;
const INTERVAL_MS = 15_000;

/** The stack of an error is some 1 KB, and the old log had it twice at each scrape. */
const MAX_BYTES = 80_000;

const FAMILIES = [gaugeOf([{ labels: {}, value: 1 }])];

/** A database whose message is never the same. */
function createDatabase() {
  const state = { isDown: true, queries: 0 };
  const gather: Gatherer["gather"] = () => {
    const number = ++state.queries;
    if (!state.isDown) return { families: FAMILIES };
    const error = new Error(`connect ECONNREFUSED after ${number} ms`);
    return { families: FAMILIES, errors: [{ collector: "db", error }] };
  };
  return { state, gatherer: gathererOf({ gather }) };
}

/** Scrapes a database that is down, until it works again. */
async function runScrapes(t: TestContext, logger: Logger, options: ServerOptions = {}) {
  const clock = mockClock(t);
  const { state, gatherer } = createDatabase();
  const handler = createScrapeHandler(
    gatherer,
    resolveOptions({ selfMetrics: false, ...options }),
    createLog(logger),
  );
  const { get } = scraperOf(handler);
  for (let scrape = 0; scrape < SCRAPES; scrape++) {
    assert.equal((await get())?.status, options.errorHandling === "continue" ? 200 : 500);
    clock.tick(INTERVAL_MS);
  }
  state.isDown = false;
  for (let scrape = 0; scrape < 2; scrape++) assert.equal((await get())?.status, 200);
}

/** The lines that the guide shows. */
function guideLines(): string[] {
  const guide = readFileSync(new URL("../../docs/guide/operating.md", import.meta.url), "utf8");
  return /```text\n(.*?)\n```/s.exec(guide)?.[1]?.split("\n") ?? [];
}

function withoutReason(line = ""): string {
  return line.replace(/: Error: .*/, "");
}

/** A stream that keeps its text. */
function createSink() {
  const sink = { text: "" };
  const stream = new Writable({
    write(chunk, _encoding, callback) {
      sink.text += chunk;
      callback();
    },
  });
  return { sink, stream };
}

type Entry = Readonly<Record<string, unknown>> & {
  readonly collector?: string;
  readonly failures?: number;
  readonly err?: { readonly message: string; readonly stack?: string };
};

interface StructuredLogger {
  /** Makes one that writes JSON to `stream`. */
  create(stream: Writable): Logger;
  readonly message: "msg" | "message";
  readonly levels: readonly [error: unknown, info: unknown];
}

const LOGGERS: Readonly<Record<string, StructuredLogger>> = {
  pino: { create: (stream) => pino(stream), message: "msg", levels: [50, 30] },
  "a child of pino": {
    create: (stream) => pino(stream).child({ part: "metrics" }),
    message: "msg",
    levels: [50, 30],
  },
  Fastify: {
    create: (stream) => Fastify({ logger: { stream } }).log,
    message: "msg",
    levels: [50, 30],
  },
  winston: {
    create: (stream) =>
      winston.createLogger({
        format: winston.format.json(),
        transports: [new winston.transports.Stream({ stream })],
      }),
    message: "message",
    levels: ["error", "info"],
  },
};

for (const [name, { create, message, levels }] of Object.entries(LOGGERS)) {
  for (const errorHandling of ["fail", "continue"] as const) {
    test(`${name} logs ${SCRAPES} failing scrapes in a line a minute ("${errorHandling}")`, async (t) => {
      const { sink, stream } = createSink();
      await runScrapes(t, create(stream), { errorHandling });
      const entries = sink.text
        .trimEnd()
        .split("\n")
        .map((line): Entry => JSON.parse(line));
      const reminders = Math.floor(((SCRAPES - 1) * INTERVAL_MS) / 60_000);
      assert.equal(entries.length, 1 + reminders + 1);
      const [first, second, last] = [entries[0], entries[1], entries.at(-1)];
      assert.ok(first && second && last);
      const begins =
        'promhttp: Collector "db" failed; ' +
        (errorHandling === "fail"
          ? "scrapes are answered with an error"
          : "its metrics are missing from the scrape");
      // pino's loggers have the error in its field alone.
      const reason = (number: number) =>
        message === "msg" ? "" : `: Error: connect ECONNREFUSED after ${number} ms`;
      assert.equal(first[message], begins + reason(1));
      assert.equal(first["level"], levels[0]);
      assert.equal(first.collector, "db");
      assert.equal(first.err?.message, "connect ECONNREFUSED after 1 ms");
      assert.match(String(first.err?.stack), /^Error: connect ECONNREFUSED .*\n {4}at /);
      assert.equal(second[message], `${begins} (4 times in 60 s)${reason(5)}`);
      assert.deepEqual([second.collector, second.failures], ["db", 4]);
      assert.equal(second.err?.message, "connect ECONNREFUSED after 5 ms");
      assert.equal(last[message], `promhttp: Collector "db" works again (${SCRAPES} failures)`);
      assert.deepEqual([last["level"], last.collector, last.failures], [levels[1], "db", SCRAPES]);
      assert.equal(sink.text.match(/\\n {4}at .*?"/g)?.length, 1, "stacks");
      assert.ok(sink.text.length < MAX_BYTES, `${sink.text.length} bytes`);
      t.diagnostic(`${sink.text.length} bytes`);
    });
  }
}

test(`console logs ${SCRAPES} failing scrapes in a line a minute`, async (t) => {
  const { sink, stream } = createSink();
  await runScrapes(t, new Console(stream));
  const begins = 'promhttp: Collector "db" failed; scrapes are answered with an error';
  const lines = sink.text.trimEnd().split("\n");
  assert.equal(lines[0], `${begins}: Error: connect ECONNREFUSED after 1 ms`);
  const end = lines.findIndex((line, at) => at > 0 && !line.startsWith("    at "));
  assert.ok(end > 1);
  const reminders = lines.slice(end, -1);
  assert.deepEqual(
    reminders,
    reminders.map(
      (_, index) =>
        `${begins} (4 times in 60 s): Error: connect ECONNREFUSED after ${5 + 4 * index} ms`,
    ),
  );
  assert.equal(reminders.length, 249);
  const shown = [lines[0], lines[end], lines.at(-1)].map(withoutReason);
  assert.deepEqual(shown, guideLines().map(withoutReason));
  assert.equal(lines.at(-1), `promhttp: Collector "db" works again (${SCRAPES} failures)`);
  assert.ok(sink.text.length < MAX_BYTES, `${sink.text.length} bytes`);
  t.diagnostic(`${sink.text.length} bytes`);
});
