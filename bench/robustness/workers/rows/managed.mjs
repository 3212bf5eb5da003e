// PM2, whose daemon is the primary of the cluster, and pools of threads.
import assert from "node:assert/strict";
import { sleep } from "../../target.mjs";
import { assertSame, assertValue, matching } from "../samples.mjs";
import { count, headersOf } from "../steps.mjs";
import { inTopology } from "../targets.mjs";

export const MANAGED = [
  {
    row: 39,
    title: "PM2 in cluster mode, three instances, nothing in its daemon",
    only: "processes",
    variant: inTopology("pm2"),
    survives: "workers",
    async run(app) {
      await count(app.workers);
      for (let turn = 0; turn < 4; turn++) assertValue(await app.scrape(), "c_total", 3);
    },
  },
  {
    row: 40,
    title: "`pm2 reload`",
    only: "processes",
    variant: inTopology("pm2"),
    survives: "workers",
    async run(app) {
      await count(app.workers);
      assertValue(await app.scrape(), "c_total", 3);
      await sleep(200);
      let isOver = false;
      const reloaded = app.manage("reload", "all").then(() => {
        isOver = true;
      });
      let [answeredAt, gap] = [performance.now(), 0];
      while (!isOver) {
        const answer = await app.scrape({ limitMs: 1_000 });
        if (answer.status === 200) {
          assertValue(answer, "c_total", 3);
          gap = Math.max(gap, performance.now() - answeredAt);
          answeredAt = performance.now();
        }
        await sleep(20);
      }
      await reloaded;
      assert.ok(gap < 1_000, `a gap of ${Math.round(gap)} ms`);
      assertSame(app.workers.filter(({ isGone }) => !isGone).length, 3, "instances");
      await count(app.workers.slice(3));
      assertValue(await app.scrape(), "c_total", 6);
    },
  },
  {
    row: 49,
    title: "idle threads of piscina, with its defaults",
    only: "threads",
    workers: 0,
    env: { BENCH_POOL: "1" },
    async run(app, { isOurs }) {
      const done = app.hub.run(({ runTasks }) => runTasks().then(() => true));
      await sleep(600);
      assertValue(await app.scrape(), "c_total", 3);
      await done;
      await sleep(100);
      const answer = await app.scrape({ headers: headersOf(10), limitMs: 10_000 });
      assertValue(answer, "c_total", 3);
      const up = matching(answer.body, "promhttp_worker_up").map(({ value }) => value);
      if (isOurs) assertSame(up.sort(), ["0", "0", "0", "1"], "promhttp_worker_up");
    },
  },
];
