import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ThreadedApp, type ThreadedOptions } from "../helpers/processes/threaded-app.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

// `node.test.ts` runs the tests of a server in a thread. Here are the other runtimes.

const RUNTIMES = fileURLToPath(new URL("node_modules/", import.meta.url));

const SETUPS: Readonly<Record<string, ThreadedOptions>> = {
  Bun: { program: `${RUNTIMES}@oven/bun-linux-x64/bin/bun` },
  Deno: { program: `${RUNTIMES}@deno/linux-x64-glibc/deno`, flags: ["run", "--allow-all"] },
};

for (const [name, setup] of Object.entries(SETUPS)) {
  test(`on ${name}, a server in a thread answers for an application that is stuck`, () =>
    withTempDir(async (directory) => {
      const file = join(directory, "end");
      await using app = await ThreadedApp.start(setup);
      assert.equal(app.threads, 1);
      await app.tell("inc");
      assert.equal((await app.scrape()).value("jobs_total"), 1);
      await app.tell("inc");
      await app.tell(`block ${file}`);
      const stuck = await app.scrape();
      assert.equal(stuck.value("jobs_total"), 1);
      assert.ok((stuck.value("promhttp_event_loop_stuck_seconds") ?? 0) > 0);
      await writeFile(file, "");
      await app.eventually("fresh metrics", (reading) => reading.value("jobs_total") === 2);
      await app.tell("close");
      const { code, stderr } = await app.exit();
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    }));

  test(`on ${name}, a server comes back after its thread is terminated`, async () => {
    await using app = await ThreadedApp.start(setup);
    await app.tell("kill");
    await app.line("thread ended");
    const reading = await app.eventually("another thread", () => true);
    assert.equal(reading.value("promhttp_thread_restarts_total"), 1);
    await app.tell("close");
    assert.equal((await app.exit()).code, 0);
  });
}
