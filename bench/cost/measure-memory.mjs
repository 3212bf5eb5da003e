// What scrapes and slow clients keep in memory. Every function takes the targets of one shape, and
// gives a Map from their names to figures.
import { SETTLE_MS } from "./measure.mjs";
import { scrape, scrapeAndStall, scrapeSlowly } from "./scraper.mjs";
import { median, sleep } from "./stats.mjs";
import { cpuOf, memoryOf, resetPeak } from "./target.mjs";

/** The memory that scrapes in a row take at the highest, above what the process had, in megabytes. */
export async function measurePeak(targets, { scrapes }) {
  const idle = await liveUnscraped(targets);
  return eachOf(targets, async (target) => {
    for (let turn = 0; turn < scrapes; turn++) {
      await target.ask("touch");
      await scrape(target.port);
    }
    return { peak: memoryOf(target).peak - idle.get(target) };
  });
}

/**
 * Lets targets that have never been scraped live for a second, without a forced collection, and gives
 * the memory of each, in megabytes; their peaks begin there. What comes on top is what scrapes cost.
 * A baseline after the first scrape would hide the pages that we keep.
 */
export async function liveUnscraped(targets) {
  const idle = new Map();
  for (const target of targets) {
    for (let turn = 0; turn < 10; turn++) {
      await target.ask("touch");
      await sleep(100);
    }
    resetPeak(target);
    idle.set(target, memoryOf(target).now);
  }
  return idle;
}

const SCRAPES_BEFORE_STALLED = 10;

/**
 * The memory that clients which never read cost a process that has been scraped before, in
 * megabytes: at its highest, and what is still kept when they have waited for a while.
 */
export function measureStalled(targets, clients = 8) {
  return eachOf(targets, async (target) => {
    for (let turn = 0; turn < SCRAPES_BEFORE_STALLED; turn++) {
      await target.ask("touch");
      await scrape(target.port);
    }
    let sockets = [];
    const { idle, above } = await peakDuring(target, async () => {
      sockets = Array.from({ length: clients }, () => scrapeAndStall(target.port));
      await sleep(2_500);
    });
    await collectGarbage(target);
    const kept = memoryOf(target).now - idle;
    for (const socket of sockets) socket.destroy();
    return { peak: above, kept };
  });
}

/** What a client costs that reads a few megabytes a second: memory, CPU, and how long it takes. */
export function measureSlowReader(targets, { megabytesPerSecond, rounds }) {
  return eachOf(targets, async (target) => {
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      samples.push(await readSlowly(target, megabytesPerSecond));
    }
    const of = (name) => median(samples.map((sample) => sample[name]));
    return { peak: of("peak"), wall: of("wall"), main: of("main"), all: of("all") };
  });
}

async function readSlowly(target, megabytesPerSecond) {
  let sample;
  const { above } = await peakDuring(target, async () => {
    const before = cpuOf(target);
    const { wallMs } = await scrapeSlowly(target.port, megabytesPerSecond * 1_000);
    await sleep(SETTLE_MS);
    const after = cpuOf(target);
    sample = { wall: wallMs, main: after.main - before.main, all: after.all - before.all };
  });
  return { ...sample, peak: above };
}

async function eachOf(targets, measure) {
  const figures = new Map();
  for (const target of targets) figures.set(target.name, await measure(target));
  return figures;
}

async function peakDuring(target, work) {
  await target.ask("touch");
  await collectGarbage(target);
  resetPeak(target);
  const idle = memoryOf(target).now;
  await work();
  return { idle, above: memoryOf(target).peak - idle };
}

async function collectGarbage(target) {
  for (let turn = 0; turn < 3; turn++) {
    await target.ask("gc");
    await sleep(50);
  }
}
