// What is answered while the event loop of the application is stuck.
import { warmUp } from "./measure.mjs";
import { scrape } from "./scraper.mjs";
import { median, rotate, sleep } from "./stats.mjs";

/** A server may take this long to see that its application is stuck, in milliseconds. */
const NOTICE_MS = 500;

const PAUSE_MS = 50;

/**
 * Measures how long scrapes take while the event loop is stuck for five seconds, in milliseconds: the longest of
 * the first ones, and the median and the longest of those that begin when the server must have noticed.
 */
export async function measureStuck(targets, { rounds }) {
  for (const target of targets) await warmUp(target);
  const samples = new Map(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of rotate(targets, round)) {
      samples.get(target.name).push(await scrapeWhileStuck(target));
    }
  }
  return new Map([...samples].map(([name, all]) => [name, middle(all)]));
}

async function scrapeWhileStuck(target) {
  await target.ask("touch");
  await scrape(target.port);
  const { startsInMs, lastsMs } = await target.ask("stick");
  await sleep(startsInMs);
  const startedAt = performance.now();
  const soFar = () => performance.now() - startedAt;
  await sleep(PAUSE_MS);
  const early = (await scrape(target.port)).wallMs;
  const late = [];
  while (soFar() < lastsMs - 2 * NOTICE_MS) {
    await sleep(Math.max(PAUSE_MS, NOTICE_MS - soFar()));
    late.push((await scrape(target.port)).wallMs);
  }
  // It answers when it turns again.
  await target.ask("rest");
  return { early, late };
}

function middle(samples) {
  const late = samples.flatMap((sample) => sample.late);
  return {
    early: Math.max(...samples.map(({ early }) => early)),
    late: median(late),
    latest: late.length === 0 ? Number.NaN : Math.max(...late),
  };
}
