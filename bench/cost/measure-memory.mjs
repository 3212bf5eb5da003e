// What scrapes and slow clients keep in memory. Every function takes the targets of one shape, and
// gives a Map from their names to figures.
import { SETTLE_MS } from "./measure.mjs";
import { scrape, scrapeAndStall, scrapeSlowly } from "./scraper.mjs";
import { sleep } from "./stats.mjs";
import { cpuOf, memoryOf, resetPeak } from "./target.mjs";

/** The memory that scrapes take at the highest, above what the process had, in megabytes. */
export function measurePeak(targets, { scrapes = 10 } = {}) {
  return eachOf(targets, (target) =>
    peakDuring(target, async () => {
      for (let turn = 0; turn < scrapes; turn++) {
        await scrape(target.port);
        await target.ask("touch");
      }
    }),
  );
}

/** The memory that clients which never read cost, above what the process had, in megabytes. */
export function measureStalled(targets, clients = 8) {
  return eachOf(targets, (target) =>
    peakDuring(target, async () => {
      const sockets = Array.from({ length: clients }, () => scrapeAndStall(target.port));
      await sleep(2_500);
      for (const socket of sockets) socket.destroy();
    }),
  );
}

/** What a client costs that reads a few megabytes a second: memory, CPU, and how long it takes. */
export function measureSlowReader(targets, megabytesPerSecond) {
  return eachOf(targets, async (target) => {
    let before;
    let read;
    let after;
    const peak = await peakDuring(target, async () => {
      before = cpuOf(target);
      read = await scrapeSlowly(target.port, megabytesPerSecond * 1_000);
      await sleep(SETTLE_MS);
      after = cpuOf(target);
    });
    return { peak, wall: read.wallMs, main: after.main - before.main, all: after.all - before.all };
  });
}

async function eachOf(targets, measure) {
  const figures = new Map();
  for (const target of targets) figures.set(target.name, await measure(target));
  return figures;
}

async function peakDuring(target, work) {
  await target.ask("touch");
  for (let turn = 0; turn < 3; turn++) {
    await target.ask("gc");
    await sleep(50);
  }
  resetPeak(target);
  const idle = memoryOf(target).now;
  await work();
  return memoryOf(target).peak - idle;
}
