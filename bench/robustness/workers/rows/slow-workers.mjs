// Workers that are late, fail, or are not there yet.
import { sleep } from "../../target.mjs";
import {
  assertAnswered,
  assertSame,
  assertValue,
  assertWithin,
  matching,
  valueIn,
} from "../samples.mjs";
import { count, headersOf } from "../steps.mjs";

export const SLOW_WORKERS = [
  {
    row: 17,
    title: "the event loop of one worker is blocked for 9 s",
    async run(app, { isOurs }) {
      await count(app.workers);
      await app.scrape();
      app.workers[0].run(({ block }) => block(9_000));
      await sleep(50);
      const answer = await app.scrape({ headers: headersOf(10), limitMs: 10_000 });
      assertValue(answer, "c_total", 3);
      if (isOurs) assertSame(upOf(answer), "0, 1, 1, 1", "promhttp_worker_up");
    },
  },
  {
    row: 18,
    title: "the same worker at the next scrapes",
    async run(app) {
      await count(app.workers);
      await app.scrape();
      app.workers[0].run(({ block }) => block(30_000));
      await sleep(50);
      for (let turn = 0; turn < 2; turn++) await app.scrape({ headers: headersOf(2) });
      const answer = await app.scrape({ headers: headersOf(2) });
      assertWithin(answer, 400);
      assertValue(answer, "c_total", 3);
    },
  },
  {
    row: 19,
    title: "it answers when the scrape is over",
    async run(app) {
      await count(app.workers);
      await app.scrape();
      const blocked = app.workers[0].run(({ block }) => block(6_000));
      await sleep(50);
      await app.scrape({ headers: headersOf(2) });
      await blocked;
      await sleep(100);
      await count(app.workers);
      assertValue(await app.scrape(), "c_total", 6);
    },
  },
  {
    row: 20,
    title: "a collector throws in one worker",
    async run(app, { isOurs }) {
      await count(app.workers);
      await app.scrape();
      await app.workers[0].run(({ client }) => {
        const collect = () => {
          throw new Error("the password is 1234");
        };
        new client.Gauge({ name: "faulty", help: "h", collect });
      });
      for (let turn = 0; turn < 2; turn++) {
        const answer = await app.scrape();
        assertValue(answer, "c_total", 3);
        assertWithin(answer, 1_000);
        if (isOurs) assertSame(upOf(answer), "0, 1, 1, 1", "promhttp_worker_up");
      }
    },
  },
  {
    row: 21,
    title: "a collector never settles in one worker",
    async run(app) {
      await count(app.workers);
      await app.scrape();
      await app.workers[0].run(({ client }) => {
        new client.Gauge({ name: "faulty", help: "h", collect: () => new Promise(() => {}) });
      });
      const answer = await app.scrape({ headers: headersOf(10), limitMs: 10_000 });
      assertValue(answer, "c_total", 3);
    },
  },
  {
    row: 22,
    title: "a worker without the client library",
    async run(app, { isOurs }) {
      await app.add({ BENCH_BARE: "1" });
      await count(app.workers.slice(0, 3));
      const answer = await app.scrape();
      assertWithin(answer, 1_000);
      assertValue(answer, "c_total", 3);
      if (isOurs) assertValue(answer, "promhttp_workers", 4, { state: "up" });
    },
  },
  {
    row: 23,
    title: "workers that are still starting",
    env: { BENCH_EARLY: "1" },
    workers: 0,
    async run(app, { isOurs }) {
      await app.hub.run(({ startWorker }) => {
        for (let index = 0; index < 3; index++) startWorker({});
      });
      let sum = 0;
      for (const startedAt = performance.now(); sum < 3; await sleep(20)) {
        const answer = await app.scrape();
        assertAnswered(answer);
        assertWithin(answer, 1_000);
        const [{ value } = { value: 0 }] = matching(answer.body, "early_total");
        if (Number(value) < sum) throw new Error(`${value} after ${sum}`);
        sum = Number(value);
        // Whoever serves a part has to say so.
        const joined = isOurs ? valueIn(answer.body, "promhttp_workers", { state: "up" }) - 1 : 3;
        assertSame(sum, joined, "silently");
        if (performance.now() - startedAt > 10_000) throw new Error(`${sum} for 3`);
      }
    },
  },
  {
    row: 30,
    title: "no worker but the hub",
    workers: 0,
    async run(app, { isOurs }) {
      const answer = await app.scrape();
      assertAnswered(answer);
      assertSame(answer.body.trim() === "" ? "an empty body" : "a body", "a body");
      if (isOurs) assertValue(answer, "promhttp_workers", 1, { state: "up" });
    },
  },
  {
    row: 31,
    title: "two scrapers at once",
    async run(app) {
      await collectSlowly(app.workers);
      await Promise.all([app.scrape(), app.scrape()]);
      const runs = await Promise.all(app.workers.map((worker) => worker.run(() => collections)));
      assertSame(runs, [1, 1, 1], "collections:");
    },
  },
  {
    row: 32,
    title: "the scraper gives up after 2 s, and a worker is blocked",
    async run(app) {
      await count(app.workers);
      await app.scrape();
      app.workers[0].run(({ block }) => block(9_000));
      await sleep(50);
      const answer = await app.scrape({ headers: headersOf(2), limitMs: 2_000 });
      assertValue(answer, "c_total", 3);
    },
  },
];

function collectSlowly(workers) {
  return Promise.all(
    workers.map((worker) =>
      worker.run(({ client }) => {
        globalThis.collections = 0;
        const collect = async () => {
          globalThis.collections++;
          await new Promise((resolve) => setTimeout(resolve, 100));
        };
        new client.Gauge({ name: "slow", help: "h", collect });
      }),
    ),
  );
}

/** The values of `promhttp_worker_up`, ascending. */
function upOf({ body }) {
  return matching(body, "promhttp_worker_up")
    .map(({ value }) => value)
    .sort()
    .join(", ");
}
