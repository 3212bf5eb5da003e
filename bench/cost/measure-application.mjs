// What the application that is scraped feels of it.
import { Worker } from "node:worker_threads";
import { scrape } from "./scraper.mjs";
import { median, quantile, sleep } from "./stats.mjs";

/**
 * How long the application's own requests take, 200 a second, while it is scraped every second, and
 * as `no scrapes` without: in milliseconds.
 */
export async function measureApplication(targets, { seconds }) {
  const latencies = new Map();
  const calm = [];
  for (const target of targets) {
    calm.push(...(await feel(target, Math.ceil(seconds / targets.length), false)));
    latencies.set(target.name, summary(await feel(target, seconds, true)));
  }
  return latencies.set("no scrapes", summary(calm));
}

async function feel({ applicationPort, port, ask }, seconds, isScraped) {
  const workerData = { port: applicationPort, seconds };
  const worker = new Worker(new URL("application-client.mjs", import.meta.url), { workerData });
  const ended = new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  for (let second = 0; second < seconds; second++) {
    const startedAt = performance.now();
    if (isScraped) await scrape(port);
    await ask("touch");
    await sleep(Math.max(0, 1_000 - (performance.now() - startedAt)));
  }
  return ended;
}

function summary(times) {
  return { p50: median(times), p99: quantile(times, 0.99), max: Math.max(...times) };
}
