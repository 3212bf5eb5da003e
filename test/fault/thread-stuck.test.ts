// An application that is stuck, and what is asked of its server meanwhile.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "../helpers/http/raw-request.ts";
import { poll } from "../helpers/poll.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { assertHonest, readAnswer } from "./answer.ts";
import { metricOf } from "./configured.ts";
import { withThreaded } from "./threaded.ts";

const STUCK = "promhttp_event_loop_stuck_seconds";
const AGE = "promhttp_snapshot_age_seconds";

// They wait most of the time, and for nothing that the others do.
describe("an application that is stuck", { concurrency: true }, () => {
  test("an application that is stuck for longer than a scrape may take is served", () =>
    withThreaded({ options: { timeoutMs: scaleWait(1_000) } }, async ({ scrape, block, line }) => {
      const before = metricOf(await scrape(), "gatherings_total");
      await block(scaleWait(3_000));
      let last = 0;
      while (last < scaleWait(2_000) / 1_000) {
        const answer = await scrape();
        assert.equal(answer.status, 200);
        assert.equal(metricOf(answer, "gatherings_total"), before);
        const stuck = metricOf(answer, STUCK);
        assert.ok(stuck >= last, `${stuck} after ${last}`);
        assert.ok(metricOf(answer, AGE) >= stuck);
        last = stuck;
        await sleep(100);
      }
      await line("turns");
      await poll("a fresh answer", async () => {
        const answer = await scrape();
        return metricOf(answer, AGE) === 0 && metricOf(answer, STUCK) === 0;
      });
      assert.ok(metricOf(await scrape(), "gatherings_total") > before);
    }));

  test("an application that is stuck before its first scrape costs a 503, not a connection", () =>
    withThreaded({ options: { timeoutMs: scaleWait(500) } }, async ({ scrape, block, line }) => {
      await block(scaleWait(2_000));
      const { status, headers } = await scrape();
      assert.equal(status, 503);
      assert.match(headers["retry-after"] ?? "", /^\d+$/);
      await line("turns");
      assert.equal((await scrape()).status, 200);
    }));

  test("many scrapes of a stuck application do not cost it as many gatherings", () =>
    withThreaded({}, async ({ scrape, connect, block, line }) => {
      const before = metricOf(await scrape(), "gatherings_total");
      await block(scaleWait(5_000));
      let turns = false;
      const turning = line("turns").then(() => {
        turns = true;
      });
      await poll("a late heartbeat", async () => metricOf(await scrape(), STUCK) > 0.5);
      let answers = 0;
      const flood = async () => {
        const connection = await connect();
        while (!turns) {
          const count = answers++;
          const path = count % 2 === 0 ? "/metrics" : `/metrics?name[]=moment&name[]=n${count}`;
          await connection.send(request(path));
          assert.equal((await connection.response()).status, 200);
        }
      };
      await Promise.all([turning, ...Array.from({ length: 8 }, flood)]);
      assert.ok(answers > 100, `${answers} answers`);
      await poll("a fresh answer", async () => metricOf(await scrape(), AGE) === 0);
      const gatherings = metricOf(await scrape(), "gatherings_total") - before;
      assert.ok(gatherings < 30, `${gatherings} gatherings for ${answers} answers`);
    }));

  test("a process that is stopped and continued serves on, and is fresh soon", () =>
    withThreaded({}, async ({ scrape, connect, signal }) => {
      assert.equal((await scrape()).status, 200);
      const connection = await connect();
      signal("SIGSTOP");
      await connection.send(request("/metrics"));
      await sleep(scaleWait(1_500));
      assert.equal(connection.received, "");
      signal("SIGCONT");
      const { status, body } = await connection.response();
      assert.equal(status, 200);
      assert.match(body, /^moment/m);
      await poll("a fresh answer", async () => metricOf(await scrape(), AGE) === 0);
    }));

  test("a slow reader gets the values of one moment, whatever the application does meanwhile", () =>
    withThreaded({ series: 50_000 }, async ({ scrape, connect, block }) => {
      const connection = await connect();
      await connection.send(request("/metrics", { headers: ["Connection: close"] }));
      await connection.until("some bytes", () => connection.received.length > 1_000);
      connection.socket.pause();
      for (let count = 0; count < 3; count++) await scrape();
      await block(scaleWait(1_500));
      await scrape();
      connection.socket.resume();
      const answer = readAnswer(await connection.closed());
      assert.equal(answer?.status, 200);
      assertHonest(answer);
      const values = new Set(answer?.body.toString().match(/(?<=^moment\{.*\} )\d+$/gm));
      assert.deepEqual([...values], ["1"]);
    }));

  test("a collector that always blocks for longer than a scrape may wait is served late", () =>
    withThreaded({ collectMs: 2_500, options: { timeoutMs: 20_000 } }, async ({ scrape }) => {
      assert.equal((await scrape()).status, 200);
      const second = await scrape();
      assert.equal(second.status, 200);
      assert.ok(metricOf(second, AGE) > 0, "the last snapshot");
      await poll("a newer one", async () => metricOf(await scrape(), "gatherings_total") > 1);
    }));

  test("a snapshot that is too old is a 503 until the application turns", () =>
    withThreaded({ options: { thread: { maxAgeMs: 1_000 } } }, async ({ scrape, block, line }) => {
      assert.equal((await scrape()).status, 200);
      await block(scaleWait(3_000));
      await poll("an old snapshot", async () => (await scrape()).status === 503);
      assert.match((await scrape()).headers["retry-after"] ?? "", /^\d+$/);
      await line("turns");
      await poll("a fresh answer", async () => (await scrape()).status === 200);
    }));
});
