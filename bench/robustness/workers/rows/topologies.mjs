// Who answers for all, and what happens when that changes.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { sleep, until } from "../../target.mjs";
import { Application } from "../application.mjs";
import { assertAnswered, assertSame, assertValue, matching } from "../samples.mjs";
import { count } from "../steps.mjs";
import { greetWith, socketOf } from "../stray.mjs";
import { inTopology } from "../targets.mjs";

const inForks = inTopology("forks");

export const TOPOLOGIES = [
  {
    row: 38,
    title: "a scrape that any worker accepts",
    only: "processes",
    variant: inTopology("shared"),
    survives: "workers",
    async run(app) {
      await count(app.workers);
      for (let turn = 0; turn < 6; turn++) assertValue(await app.scrape(), "c_total", 3);
      await app.workers[0].kill();
      await sleep(1_000);
      for (let turn = 0; turn < 4; turn++) assertValue(await app.scrape(), "c_total", 3);
    },
  },
  {
    row: 41,
    title: "processes without a primary, one address",
    only: "processes",
    variant: inForks,
    survives: "workers",
    async run(app) {
      await count([app.hub, ...app.workers]);
      assertValue(await app.scrape(), "c_total", 4);
      await app.hub.run(() => {
        setTimeout(() => process.exit(), 10);
      });
      await app.hub.gone();
      await answersAgain(app, 3, 3_000);
      await count(app.workers);
      assertValue(await app.scrape(), "c_total", 7);
    },
  },
  {
    row: 42,
    title: "SIGKILL of the hub, twice",
    isOursOnly: true,
    only: "processes",
    variant: inForks,
    survives: "workers",
    async run(app) {
      const workers = [app.hub, ...app.workers];
      await count(workers);
      assertValue(await app.scrape(), "c_total", 4);
      for (let turn = 1; turn <= 2; turn++) {
        // The hub notes what it has served once the answer is sent.
        await sleep(200);
        await hubOf(workers).then((hub) => hub.kill());
        await answersAgain(app, 4 - turn, 1_500);
        assertValue(await app.scrape(), "c_total", turn === 1 ? 4 : 7);
        await count(workers.filter(({ isGone }) => !isGone));
        assertValue(await app.scrape(), "c_total", turn === 1 ? 7 : 9);
      }
    },
  },
  {
    row: 43,
    title: "the whole application is started again",
    survives: "nothing",
    async run(app, target) {
      await count(app.workers);
      assertValue(await app.scrape(), "c_total", 3);
      const { folder, port } = app;
      await app.stopProcesses();
      const again = await Application.start(target, { folder, port });
      try {
        await count(again.workers);
        assertValue(await again.scrape(), "c_total", 3);
      } finally {
        await again.stop();
      }
    },
  },
  {
    row: 44,
    title: "another application on the same address",
    isOursOnly: true,
    only: "processes",
    async run(app, target) {
      await count(app.workers);
      // Another main script is another application.
      const env = { PROMHTTP_GROUP: "another" };
      const options = { port: app.port, workers: 0, env };
      await assert.rejects(Application.start(target, options), /address already in use/);
      assertValue(await app.scrape(), "c_total", 3);
    },
  },
  {
    row: 45,
    title: "a worker with another version of the protocol",
    isOursOnly: true,
    async run(app) {
      await count(app.workers);
      await app.scrape();
      const facts = { worker: "1.1.0", pid: 1, thread: 0, id: "", version: "9.9.9" };
      const greeting = { type: "hello", protocol: 999, ...facts };
      const { received, leave } = await greetWith(app, greeting);
      assert.match(received, /"refused"/);
      const answer = await app.scrape();
      leave();
      assertValue(answer, "c_total", 3);
      assertValue(answer, "promhttp_workers", 4, { state: "up" });
      assertValue(answer, "promhttp_workers", 1, { state: "incompatible" });
    },
  },
  {
    row: 46,
    title: "a stale socket, and six starters at once; then the socket is removed",
    isOursOnly: true,
    only: "processes",
    variant: inForks,
    survives: "workers",
    async run(app) {
      await count([app.hub, ...app.workers]);
      await app.scrape();
      for (const worker of [app.hub, ...app.workers]) await worker.kill();
      socketOf(app);
      for (let index = 0; index < 6; index++) app.spawn();
      await until(() => app.workers.length === 9, 10_000);
      const started = app.workers.slice(3);
      await sleep(1_000);
      await count(started);
      await oneHub(started);
      assertValue(await app.scrape(), "c_total", 6);
      rmSync(socketOf(app));
      await app.scrape();
      await sleep(2_500);
      assertValue(await app.scrape(), "c_total", 6);
      await oneHub(started);
    },
  },
];

/** Waits until scrapes are answered again, and the workers that are left have found the new hub. */
async function answersAgain(app, workers, limitMs) {
  const startedAt = performance.now();
  let answer = { status: 0 };
  while (performance.now() - startedAt < limitMs) {
    answer = await app.scrape();
    const [up] = matching(answer.body, "promhttp_workers", { state: "up" });
    if (answer.status === 200 && Number(up?.value ?? workers) === workers) return;
    await sleep(20);
  }
  assertAnswered(answer);
}

async function hubOf(workers) {
  const living = workers.filter(({ isGone }) => !isGone);
  const roles = await Promise.all(living.map((worker) => worker.run(({ server }) => server.role)));
  return living[roles.indexOf("hub")];
}

async function oneHub(workers) {
  const roles = await Promise.all(workers.map((worker) => worker.run(({ server }) => server.role)));
  assertSame(roles.sort(), ["hub", ...workers.slice(1).map(() => "member")]);
}
