import assert from "node:assert/strict";
import { freePort } from "../../../helpers/http/free-port.ts";
import type { Fixture } from "../../../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../../../helpers/processes/with-app.ts";
import { eventually, type Reading, scrape } from "../../../helpers/workers/reading.ts";

/** An application of several processes or threads, none of which knows of its metrics. */
export interface GroupApp extends App {
  readonly address: string;
  /** Starts it with a preload in `NODE_OPTIONS`. */
  start(args: readonly string[], env?: Readonly<Record<string, string | undefined>>): Fixture;
  /** Scrapes until something has come about. */
  until(
    what: string,
    isDone: (reading: Reading) => boolean,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reading>;
  /** Scrapes until so many workers are up, and have counted so many jobs, but never more. */
  settled(workers: number, jobs: number): Promise<Reading>;
}

/** Runs a test with an application that has an address and a runtime folder of its own. */
export async function withGroup(
  files: Readonly<Record<string, string>>,
  libraries: readonly string[],
  test: (app: GroupApp) => Promise<void>,
): Promise<void> {
  await withApp(files, libraries, async (app) => {
    const address = `127.0.0.1:${await freePort()}`;
    const started: Fixture[] = [];
    const start: GroupApp["start"] = (args, env) => {
      const child = app.node(args, {
        NODE_OPTIONS: "--import promhttp/register",
        PROMHTTP_ADDRESS: address,
        ...env,
      });
      started.push(child);
      return child;
    };
    const until: GroupApp["until"] = (what, isDone, headers) =>
      eventually(what, () => scrape(`http://${address}/metrics`, headers), isDone);
    // A worker may join before it has counted anything.
    const settled: GroupApp["settled"] = (workers, jobs) =>
      until(`${workers} workers with ${jobs} jobs`, (reading) => {
        const sum = reading.value("app_jobs_total") ?? 0;
        assert.ok(sum <= jobs, `${sum} is more than was counted`);
        return reading.workers("up") === workers && sum === jobs;
      });
    try {
      await test({ ...app, address, start, until, settled });
    } finally {
      // Where the test has failed; the others end with it.
      for (const child of started) child.signal("SIGKILL");
    }
  });
}

/** What an application counts with; it ends when it is told so. */
export const JOBS: string = `
import { Counter } from "prom-client";
export const jobs = new Counter({ name: "app_jobs_total", help: "Jobs." });
`;

/** Ends the first process of an application, and with it all others. */
export const END: string = `
process.stdin.once("data", () => process.exit());
console.log("ready");
`;

/** Ends an application by what it reads, and returns what it wrote to standard error. */
export async function end(child: Fixture): Promise<string> {
  child.tell("end");
  const { code, stderr } = await child.exit();
  if (code !== 0) throw new Error(`The application ended with ${code}:\n${stderr}`);
  return stderr;
}
