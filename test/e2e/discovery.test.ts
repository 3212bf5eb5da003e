import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../helpers/http/http-get.ts";
import { Application } from "../helpers/workers/application.ts";
import {
  eventually,
  type Job,
  type Scraper,
  startPrometheus,
  startVictoriaMetrics,
} from "./programs.ts";

const SCRAPERS: Readonly<Record<string, (jobs: readonly Job[]) => Promise<Scraper>>> = {
  Prometheus: startPrometheus,
  VictoriaMetrics: startVictoriaMetrics,
};

/** The targets that a scraper has at the moment, by their label of the worker. */
async function activeTargets(scraper: Scraper): Promise<readonly string[]> {
  const answer = await scraper.get("/api/v1/targets?state=active");
  const { data } = answer as {
    readonly data: { readonly activeTargets: readonly { readonly labels: { worker: string } }[] };
  };
  return data.activeTargets.map(({ labels }) => labels.worker).sort();
}

async function valuesByWorker(scraper: Scraper, promql: string): Promise<Record<string, string>> {
  const samples = await scraper.query(promql);
  return Object.fromEntries(samples.map(({ metric, value }) => [metric["worker"] ?? "", value]));
}

for (const [name, start] of Object.entries(SCRAPERS)) {
  test(`${name} scrapes each worker through one port, until the worker ends`, async () => {
    await using app = await Application.open({ kind: "cluster", count: 3 });
    for (const [index, worker] of app.workers.entries()) {
      await worker.tell("inc", "jobs_total", 10 ** index);
    }
    const job: Job = {
      name: "workers",
      url: app.url,
      targetsUrl: app.url.replace("/metrics", "/-/targets"),
      interval: "1s",
      timeout: "1s",
    };
    await using scraper = await start([job]);
    const read = async (count: number) => {
      const values = await valuesByWorker(scraper, "jobs_total");
      return Object.keys(values).length === count ? values : undefined;
    };
    assert.deepEqual(await eventually("three workers", () => read(3)), {
      "0": "1",
      "1": "10",
      "2": "100",
    });
    assert.deepEqual(await activeTargets(scraper), ["0", "1", "2"]);
    // They have one address, and are told apart by the label. A scrape of 1 s may fail on a busy machine.
    const instances = await eventually("all at once", async () => {
      const found = await scraper.query("count by (instance) (jobs_total and up == 1)");
      return found[0]?.value === "3" ? found : undefined;
    });
    assert.deepEqual(
      instances.map(({ metric, value }) => [metric["instance"], value]),
      [[app.address, "3"]],
    );

    await app.workers.pop()?.kill();
    const after = await eventually("its end", async () => {
      const targets = await activeTargets(scraper);
      return targets.length === 2 ? targets : undefined;
    });
    assert.deepEqual(after, ["0", "1"]);
    const { status, body } = await httpGet(`${app.url}?worker=2`);
    assert.deepEqual([status, `${body}`], [404, ""]);
    assert.deepEqual(await eventually("two workers", () => read(2)), { "0": "1", "1": "10" });
  });
}
