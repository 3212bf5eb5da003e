// Workers that end, and those that say what nobody expects.
import assert from "node:assert/strict";
import { sleep } from "../../target.mjs";
import { assertSame, assertValue, assertWithin, matching } from "../samples.mjs";
import { count, setGauge } from "../steps.mjs";
import { breakRules } from "../stray.mjs";
import { inTopology } from "../targets.mjs";

export const LOST_WORKERS = [
  {
    row: 24,
    title: "SIGKILL of a worker while it is asked",
    only: "processes",
    async run(app) {
      await count(app.workers);
      await app.scrape();
      await collectFor(app.workers, 400);
      const scraped = app.scrape();
      await sleep(150);
      await app.workers[0].kill();
      const answer = await scraped;
      assertWithin(answer, 1_500);
      assertValue(answer, "c_total", 3);
    },
  },
  {
    row: 25,
    title: "SIGKILL of a worker between two scrapes",
    only: "processes",
    run: (app) => endBetweenScrapes(app),
  },
  {
    row: 26,
    title: "a worker exits in an orderly way",
    async run(app) {
      await count(app.workers);
      await setGauge(app.workers);
      await app.scrape();
      await count(app.workers);
      app.workers[0].run(async ({ leave }) => {
        globalThis.counter.inc(5);
        await leave();
        process.exit();
      });
      await app.workers[0].gone();
      await sleep(100);
      const answer = await app.scrape();
      assertValue(answer, "c_total", 11);
      assertValue(answer, "g", 2);
    },
  },
  {
    row: 27,
    title: "`terminate()` of a thread",
    only: "threads",
    run: (app) => endBetweenScrapes(app),
  },
  {
    row: 28,
    title: "40 threads come and go",
    only: "threads",
    workers: 1,
    async run(app, { isOurs }) {
      await count(app.workers);
      for (let turn = 0; turn < 40; turn++) {
        const worker = await app.add();
        await count([worker]);
        if (turn % 8 === 0) await app.scrape();
        worker.run(async ({ leave }) => {
          await leave();
          process.exit();
        });
        await worker.gone();
      }
      await sleep(100);
      const answer = await app.scrape();
      assertValue(answer, "c_total", 41);
      const slots = matching(answer.body, "promhttp_worker_up").map(({ labels }) => labels.worker);
      if (isOurs) assertSame(slots, ["0", "1"], "slots");
    },
  },
  {
    row: 29,
    title: "`reset()` in one worker",
    async run(app) {
      await count(app.workers, 2);
      assertValue(await app.scrape(), "c_total", 6);
      await app.workers[0].run(() => globalThis.counter.reset());
      await count(app.workers.slice(0, 1));
      assertValue(await app.scrape(), "c_total", 7);
    },
  },
  {
    row: 33,
    title: "odd messages of the application (`process.send(null)`)",
    async run(app) {
      await count(app.workers);
      await app.workers[0].run(() => {
        const { parentPort } = process.getBuiltinModule("node:worker_threads");
        for (const odd of [null, 0, "text", [], { type: 1 }]) {
          if (parentPort) parentPort.postMessage(odd);
          else process.send(odd);
        }
      });
      await sleep(100);
      assertValue(await app.scrape(), "c_total", 3);
    },
  },
  {
    row: 34,
    title: 'the application\'s own `on("message")`',
    only: "processes",
    async run(app) {
      await count(app.workers);
      await app.hub.run(() => {
        globalThis.seen = [];
        const cluster = process.getBuiltinModule("node:cluster");
        cluster.on("message", (_worker, message) => globalThis.seen.push(message));
      });
      await app.workers[0].run(() => {
        globalThis.seen = [];
        process.on("message", (message) => globalThis.seen.push(message));
      });
      await app.scrape();
      for (const worker of [app.hub, app.workers[0]]) {
        const seen = await worker.run(() => globalThis.seen.map((message) => message?.type));
        assertSame(seen, [], "sees");
      }
    },
  },
  {
    row: 35,
    title: "two copies of the client library in each worker",
    env: { BENCH_COPIES: "1" },
    async run(app) {
      await Promise.all(
        app.workers.map((worker) =>
          worker.run(({ client, second }) => {
            new client.Counter({ name: "one_total", help: "h" }).inc();
            new second.Counter({ name: "two_total", help: "h" }).inc();
          }),
        ),
      );
      const answer = await app.scrape();
      assertValue(answer, "one_total", 3);
      assertValue(answer, "two_total", 3);
    },
  },
  {
    row: 36,
    title: "an answer that nobody asked for",
    async run(app, target) {
      await count(app.workers);
      await app.scrape();
      await breakRules(app, target);
      await sleep(100);
      assertValue(await app.scrape(), "c_total", 3);
    },
  },
  {
    row: 37,
    title: "the hub is killed while workers collect",
    only: "processes",
    survives: "workers",
    variant: (target) => (target.isOurs ? inTopology("forks")(target) : target),
    async run(app, { isOurs }) {
      await count([app.hub, ...app.workers]);
      await app.scrape();
      await collectFor(app.workers, 400);
      app.scrape();
      await sleep(150);
      await app.hub.kill();
      await sleep(1_000);
      assert.ok(!app.workers.some(({ isGone }) => isGone), "the workers end");
      if (isOurs) assertValue(await app.scrape(), "c_total", 4);
    },
  },
];

async function endBetweenScrapes(app) {
  await count(app.workers, 2);
  await setGauge(app.workers);
  assertValue(await app.scrape(), "c_total", 6);
  await app.end(app.workers[0]);
  const answer = await app.scrape();
  assertWithin(answer, 1_000);
  assertValue(answer, "c_total", 6);
  assertValue(answer, "g", 2);
  await count(app.workers.slice(1));
  assertValue(await app.scrape(), "c_total", 8);
}

function collectFor(workers, ms) {
  return Promise.all(
    workers.map((worker) =>
      worker.run(({ client }, length) => {
        const collect = () => new Promise((resolve) => setTimeout(resolve, length));
        new client.Gauge({ name: "slow", help: "h", collect });
      }, ms),
    ),
  );
}
