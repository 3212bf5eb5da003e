// An application of several processes whose server has further paths: each is a target of all of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Application } from "../helpers/workers/application.ts";
import { eventually, scrape } from "../helpers/workers/reading.ts";

const DB = "/metrics/db";
const OPTIONS = { pathNames: [DB, "/metrics/cache"] };

test("a further path is answered for all workers, wherever its hub is, and counters never fall", async () => {
  const app = await Application.open({ kind: "fork", count: 3, options: OPTIONS });
  try {
    for (const worker of app.workers) {
      await worker.tell("inc", "jobs_total", 1);
      await worker.tell("incAt", DB, "queries_total", 10);
    }
    const read = (path: string) => scrape(`http://${app.address}${path}`);
    const db = await read(DB);
    assert.equal(db.value("queries_total"), 30);
    assert.equal(db.value("jobs_total"), undefined);
    assert.equal(db.workers("up"), 3);
    assert.equal((await read("/metrics")).value("queries_total"), undefined);
    assert.equal((await read("/metrics/cache")).value("queries_total"), undefined);

    const [hub, second] = app.workers;
    assert.equal((await read("/probe?target=db1:1")).value("pid"), hub?.pid);
    await hub?.tell("close");
    const later = await eventually(
      "another hub",
      () => read(DB),
      (reading) => reading.workers("up") === 2,
    );
    assert.equal(later.value("queries_total"), 30);

    await second?.tell("setFailing", "no database");
    for (const path of ["/metrics", DB]) {
      const failing = await read(path);
      assert.equal(failing.workers("up"), 1, failing.text);
    }
  } finally {
    const errors = await app.close();
    assert.doesNotMatch(errors, /error|Cannot/i);
  }
});
