import assert from "node:assert/strict";
import { test } from "node:test";
import { createHandler } from "../../src/index.ts";
import { gaugeOf } from "../helpers/families.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { Application } from "../helpers/workers/application.ts";
import { newGroup, RUNTIME_FOLDER } from "../helpers/workers/own-group.ts";
import { eventually, type Reading, scrape } from "../helpers/workers/reading.ts";

const METRICS = new Request("http://shop:8080/metrics");

function gathererOf(value: number) {
  return gathererWith(gaugeOf([{ labels: {}, value }], "queue"));
}

test("createHandler() joins a group, and answers a request that comes before that", async () => {
  const logger = createRecorder();
  const { fetch, close } = createHandler(gathererOf(3), {
    logger,
    workers: { group: newGroup() },
  });
  // In the same turn.
  const answer = await fetch(METRICS);
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /^queue 3$/m);
  close();
  // It is not of the group any more.
  const later = await (await fetch(METRICS)).text();
  assert.match(later, /^queue 3$/m);
  assert.doesNotMatch(later, /promhttp_workers/);
  assert.deepEqual(logger.lines, []);
});

test("a handler answers for all workers, with the page of the hub, until it is closed", async () => {
  const workers = { group: newGroup() };
  const options = { workers };
  const runtimeFolder = RUNTIME_FOLDER;
  await using app = await Application.open({ kind: "fork", count: 1, options, runtimeFolder });
  await app.root.tell("set", "queue", 4);
  const handler = createHandler(gathererOf(3), { workers });
  assert.match(await (await handler.fetch(METRICS)).text(), /^queue 7$/m);
  const page = await (await handler.page.fetch(new Request("http://shop:8080/page"))).text();
  assert.match(page, />2 workers, all up</);
  assert.match(page, new RegExp(`process ${app.root.pid} on`));
  assert.equal((await app.scrape()).value("queue"), 7);
  handler.close();
  const left = await eventually(
    "the rest",
    () => app.scrape(),
    (each) => each.workers("up") === 1,
  );
  assert.equal(left.value("queue"), 4);
});

test("a handler that answers for all gives way to a worker that can listen", async () => {
  const options = { workers: { group: newGroup() } };
  const handler = createHandler(gathererOf(3), options);
  assert.equal((await handler.fetch(METRICS)).status, 200);
  const parts = { kind: "fork", count: 1, options, runtimeFolder: RUNTIME_FOLDER } as const;
  await using app = await Application.open(parts);
  await app.root.tell("set", "queue", 4);
  assert.equal((await app.root.tell("state")).role, "hub");
  const isWhole = (each: Reading) => each.workers("up") === 2;
  const reading = await eventually("both", () => app.scrape(), isWhole);
  assert.equal(reading.value("queue"), 7);
  assert.match(await (await handler.fetch(METRICS)).text(), /^queue 7$/m);
  handler.close();
});

test("a handler that is closed and made again counts once, by either copy of the package", async () => {
  const url = new URL("../../dist/index.js", import.meta.url).href;
  const copy: typeof import("../../src/index.ts") = await import(url);
  const workers = { group: newGroup() };
  const metric = { labels: {}, value: 10 };
  const gatherer = gathererWith({
    name: "jobs_total",
    help: "",
    type: "counter",
    metrics: [metric],
  });
  const hub = createHandler(gathererOf(3), { workers });
  const jobs = async () => {
    const text = await (await hub.fetch(METRICS)).text();
    return Number(/^jobs_total (.*)$/m.exec(text)?.[1] ?? 0);
  };
  // Nothing of a group keeps a process alive.
  const alive = setInterval(() => {}, 1_000);
  let last = await jobs();
  for (const create of [createHandler, copy.createHandler, createHandler]) {
    const handler = create(gatherer, { workers });
    // It joins in the background, and the one before leaves so.
    while (last < metric.value) {
      const sum = await jobs();
      assert.ok(sum >= last && sum <= metric.value, `${sum} after ${last}`);
      last = sum;
    }
    metric.value++;
    handler.close();
    metric.value++;
  }
  clearInterval(alive);
  hub.close();
});

test("handler.targets lists the workers; the request names the path of the metrics", async () => {
  const { targets, close } = createHandler(gathererOf(3), { workers: { group: newGroup() } });
  const ask = (query: string) => targets.fetch(new Request(`http://shop:8080/workers${query}`));
  const answer = await ask("");
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.deepEqual(await answer.json(), [
    { targets: ["shop:8080"], labels: { __param_worker: "0", worker: "0" } },
  ]);
  assert.deepEqual(await (await ask("?path=/internal/metrics&target=proxy:443")).json(), [
    {
      targets: ["proxy:443"],
      labels: { __metrics_path__: "/internal/metrics", __param_worker: "0", worker: "0" },
    },
  ]);
  assert.equal((await ask("?path=internal")).status, 400);
  assert.equal((await targets.fetch(new Request("http://shop/x", { method: "POST" }))).status, 405);
  close();
});

test("handler.targets answers 404 without the option", async () => {
  const { targets } = createHandler(gathererOf(3));
  assert.equal((await targets.fetch(METRICS)).status, 404);
});

test("a handler checks allowedHosts before anything is forwarded", async () => {
  const { fetch, targets, close } = createHandler(gathererOf(3), {
    workers: { group: newGroup() },
    allowedHosts: ["localhost"],
  });
  for (const mount of [{ fetch }, targets]) assert.equal((await mount.fetch(METRICS)).status, 403);
  close();
});

test("setFailing() of the only handler fails scrapes, until setOk()", async () => {
  const handler = createHandler(gathererOf(3), {
    logger: false,
    workers: { group: newGroup() },
  });
  handler.setFailing("no disk");
  assert.equal((await handler.fetch(METRICS)).status, 500);
  handler.setOk();
  assert.equal((await handler.fetch(METRICS)).status, 200);
  handler.setReady(false);
  assert.equal((await handler.ready.fetch(METRICS)).status, 503);
  handler.close();
});

const UNREACHABLE =
  /^promhttp: (?:Cannot reach the worker|The worker) that answers for all.*\n(?: {2,}.*\n|}\n)*/gm;

test("any worker of Express in a cluster answers the exact sum, also after one is killed", async () => {
  const app = forkFixture("clustered-express.mjs");
  const port = await app.line("listening ");
  const url = `http://127.0.0.1:${port}/internal/metrics`;
  const all = () => scrape(url);
  await eventually("three workers", all, (each) => each.workers("up") === 3);
  // The primary passes each connection to the next worker.
  for (let count = 0; count < 6; count++) {
    assert.equal((await scrape(url)).value("jobs_total"), 111);
  }
  const targets = await httpGet(`http://127.0.0.1:${port}/internal/targets?path=/internal/metrics`);
  const labels = JSON.parse(`${targets.body}`).map((group: { labels: object }) => group.labels);
  assert.deepEqual(
    labels,
    ["0", "1", "2"].map((worker) => ({
      __metrics_path__: "/internal/metrics",
      __param_worker: worker,
      worker,
    })),
  );
  const jobs = await Promise.all(
    ["0", "1", "2"].map(async (worker) =>
      Number((await scrape(`${url}?worker=${worker}`)).value("jobs_total")),
    ),
  );
  assert.deepEqual(
    jobs.sort((a, b) => a - b),
    [1, 10, 100],
  );
  const page = await httpGet(url.replace("/metrics", "/page"));
  assert.match(`${page.body}`, />3 workers, all up</);
  app.tell("1");
  await app.line("ended 1");
  const rest = await eventually("two workers", all, (each) => each.workers("up") === 2);
  assert.equal(rest.value("jobs_total"), 111);
  app.tell("end");
  const { stderr } = await app.exit();
  // On a busy machine it takes more than a second to find the next hub.
  assert.equal(stderr.replace(UNREACHABLE, ""), "");
});
