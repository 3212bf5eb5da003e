/** What runs without code of the user, with the server in a thread of its own. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Fixture } from "../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../helpers/processes/with-app.ts";
import { eventually, scrape } from "../helpers/workers/reading.ts";
import { preloaded, urlOf } from "./preload/apps.ts";

/** What makes an application stuck when it is told to, until there is a file. */
const GET_STUCK = `
import { existsSync, writeSync } from "node:fs";
process.stdin.once("data", () => {
  writeSync(1, "stuck\\n");
  while (!existsSync("go"));
  writeSync(1, "goes on\\n");
  process.stdin.once("data", () => process.stdin.destroy());
});
writeSync(1, "ready\\n");`;

const COUNTER = `
import { Counter } from "prom-client";
new Counter({ name: "jobs_total", help: "Jobs." }).inc(3);`;

const FILES = {
  "app.mjs": `${COUNTER}${GET_STUCK}`,
  "exporter.mjs": `export { register } from "prom-client";${COUNTER}${GET_STUCK}`,
};

/** A third of a second is the longest time that a scrape waits for an application that is stuck. */
const HEADERS = { "x-prometheus-scrape-timeout-seconds": "1" };

/** What is said of an application that is stuck, and of one that is not. */
type Names = (value: (name: string) => number | undefined) => boolean;

interface Row {
  readonly start: (app: App) => Fixture;
  readonly url: (child: Fixture) => Promise<string>;
  readonly isStuck: Names;
  readonly end: (child: Fixture) => void;
}

const ALONE: Names = (value) => Number(value("promhttp_event_loop_stuck_seconds")) > 0;

const AS_WORKER: Names = (value) => value("promhttp_worker_up") === 0;

const PROGRAM: Row = {
  start: ({ node }) =>
    node([
      "node_modules/promhttp/dist/cli.js",
      "--web.thread",
      "--web.listen-address=127.0.0.1:0",
      "exporter.mjs",
    ]),
  url: (child) => child.errorLine(/ msg="Listening on" address=127\.0\.0\.1:\d+ url=(\S+)$/),
  isStuck: ALONE,
  end: (child) => child.signal("SIGTERM"),
};

function preload(workers: "0" | "1", isStuck: Names): Row {
  return {
    start: (app) =>
      preloaded(app, ["app.mjs"], { PROMHTTP_THREAD: "1", PROMHTTP_WORKERS: workers }),
    url: urlOf,
    isStuck,
    end: (child) => child.tell("end"),
  };
}

const ROWS: Readonly<Record<string, Row>> = {
  "the program with --web.thread": PROGRAM,
  "the preload with PROMHTTP_THREAD=1": preload("1", AS_WORKER),
  "the preload with PROMHTTP_THREAD=1 and PROMHTTP_WORKERS=0": preload("0", ALONE),
};

for (const [name, { start, url, isStuck, end }] of Object.entries(ROWS)) {
  test(`${name} answers while the application is stuck, and ends with it`, async () => {
    await withApp(FILES, ["prom-client"], async (app) => {
      const child = start(app);
      const metrics = await url(child);
      const until = (what: string, expected: boolean) =>
        eventually(
          what,
          () => scrape(metrics, HEADERS),
          (reading) =>
            reading.value("jobs_total") === 3 &&
            isStuck((name) => reading.value(name)) === expected,
        );
      await child.line("ready");
      await until("a scrape", false);
      child.tell("get stuck");
      await child.line("stuck");
      await until("a scrape of an application that is stuck", true);
      await writeFile(join(app.folder, "go"), "");
      await child.line("goes on");
      await until("a scrape of an application that goes on", false);
      end(child);
      const { code, signal } = await child.exit();
      assert.deepEqual({ code, signal }, { code: 0, signal: null });
    });
  });
}
