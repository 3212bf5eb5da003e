import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../helpers/http/http-get.ts";
import { Application } from "../helpers/workers/application.ts";

// Without aggregation: each worker as a target of its own, or as a label.

test("?worker= gives one worker, as if it were a process of its own", async () => {
  await using app = await Application.open({ kind: "fork", count: 3 });
  for (const [index, worker] of app.workers.entries()) {
    await worker.tell("inc", "jobs_total", index + 1);
    await worker.tell("summarize", "size_bytes", 10 * index);
  }
  for (const index of app.workers.keys()) {
    const reading = await app.scrape({}, `?worker=${index}`);
    assert.deepEqual(reading.lines("jobs_total"), [`${index + 1}`]);
    assert.deepEqual(reading.lines("size_bytes"), [`{quantile="0.5"} ${10 * index}`]);
  }
  const { status, body } = await httpGet(`${app.url}?worker=7`);
  assert.deepEqual([status, `${body}`], [404, ""]);
});

test("?worker= retains nothing of a worker that has gone", async () => {
  await using app = await Application.open({ kind: "fork", count: 2 });
  for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
  assert.equal((await app.scrape()).value("jobs_total"), 20);
  await app.workers.pop()?.kill();
  const worker = await app.addWorker();
  await worker.tell("inc", "jobs_total", 1);
  assert.equal((await app.scrape({}, "?worker=1")).value("jobs_total"), 1);
  assert.equal((await app.scrape()).value("jobs_total"), 21);
});

test('with workers: "label" each worker has its series, and nothing is summed', async () => {
  await using app = await Application.open({
    kind: "fork",
    count: 3,
    options: { workers: "label" },
  });
  for (const [index, worker] of app.workers.entries())
    await worker.tell("inc", "jobs_total", index + 1);
  assert.deepEqual((await app.scrape()).lines("jobs_total"), [
    '{worker="0"} 1',
    '{worker="1"} 2',
    '{worker="2"} 3',
  ]);
});
