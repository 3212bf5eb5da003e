// What the application that is scraped feels of it.
import { Worker } from "node:worker_threads";
import { scrape } from "./scraper.mjs";
import { median, quantile, rotate, sleep } from "./stats.mjs";

const CALM_SECONDS = 2;

/**
 * How long the application's own requests take, 200 a second, while it is scraped every second, and
 * as `no scrapes` without: in milliseconds, the medians of several rounds. One long turn for each
 * target is not a measurement: another program that works for a second gives its p99 to one of them.
 */
export async function measureApplication(targets, { rounds, seconds }) {
  const summaries = new Map([...targets.map(({ name }) => [name, []]), ["no scrapes", []]]);
  for (let round = 0; round < rounds; round++) {
    const calm = [];
    for (const target of rotate(targets, round)) {
      await target.ask("live");
      calm.push(...(await feel(target, CALM_SECONDS, false)));
      summaries.get(target.name).push(summary(await feel(target, seconds, true)));
      await target.ask("rest");
    }
    summaries.get("no scrapes").push(summary(calm));
  }
  return new Map([...summaries].map(([name, all]) => [name, middle(all)]));
}

async function feel({ applicationPort, port }, seconds, isScraped) {
  const workerData = { port: applicationPort, seconds };
  const worker = new Worker(new URL("application-client.mjs", import.meta.url), { workerData });
  const ended = new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  for (let second = 0; second < seconds; second++) {
    const startedAt = performance.now();
    if (isScraped) await scrape(port);
    await sleep(Math.max(0, 1_000 - (performance.now() - startedAt)));
  }
  return ended;
}

function summary(times) {
  return { p50: median(times), p99: quantile(times, 0.99), max: Math.max(...times) };
}

function middle(summaries) {
  const of = (name) => median(summaries.map((one) => one[name]));
  return { p50: of("p50"), p99: of("p99"), max: of("max") };
}
