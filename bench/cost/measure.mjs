// What a scrape costs. Every function takes the targets of one shape, and gives a Map from their
// names to figures.
import { samplesOf, scrape } from "./scraper.mjs";
import { WARM_UPS } from "./shapes.mjs";
import { median, rotate, sleep, spread } from "./stats.mjs";
import { cpuOf, startTarget } from "./target.mjs";

/** How long a process gets to finish what it has begun, in milliseconds. */
export const SETTLE_MS = 5;

/** Starts targets, checks that they serve the same samples, and stops them after `work`. */
export async function withTargets(names, shape, work) {
  const targets = [];
  try {
    for (const name of names) targets.push(await startTarget(name, shape));
    let expected;
    for (const target of targets) {
      const { body } = await scrape(target.port, { wantsBody: true });
      const samples = samplesOf(body);
      expected ??= samples;
      const differs = samples.findIndex((sample, index) => sample !== expected[index]);
      if (samples.length !== expected.length || differs >= 0) {
        throw new Error(
          `${target.name} serves ${samples[differs]} for ${expected[differs]} (${samples.length} of ${expected.length})`,
        );
      }
    }
    return await work(targets);
  } finally {
    for (const target of targets) await target.stop();
  }
}

/**
 * CPU, times and bytes of a scrape, or of several at once.
 *
 * @param options `rounds` in which each target has its turn, `perRound` scrapes in each turn,
 *   `scrapers` at once, and what `scrape()` takes.
 */
export async function measureCost(targets, { rounds, perRound, scrapers = 1, ...request }) {
  const samples = new Map(targets.map(({ name }) => [name, []]));
  for (const target of targets) await warmUp(target, request);
  for (let round = 0; round < rounds; round++) {
    for (const target of rotate(targets, round)) {
      for (let turn = 0; turn < perRound; turn++) {
        const sample = await scrapeTouched(target, request, scrapers);
        // The first after the others' turn finds cold caches.
        if (turn > 0 || perRound === 1) samples.get(target.name).push(sample);
      }
    }
  }
  return mapValues(samples, (of) => ({
    main: median(of.map(({ main }) => main)),
    all: median(of.map(({ all }) => all)),
    wall: median(of.map(({ wallMs }) => wallMs)),
    firstByte: median(of.map(({ firstByteMs }) => firstByteMs)),
    bytes: median(of.map(({ bytes }) => bytes)),
    spread: spread(of.map(({ main }) => main)),
  }));
}

const warm = new WeakMap();

/** Scrapes a target until its code is optimised, once for each kind of request. */
async function warmUp(target, request) {
  const done = warm.get(target) ?? warm.set(target, new Set()).get(target);
  const kind = JSON.stringify(request);
  if (done.has(kind)) return;
  done.add(kind);
  for (let turn = 0; turn < WARM_UPS[target.shape]; turn++) {
    await target.ask("touch");
    await scrape(target.port, request);
  }
}

async function scrapeTouched(target, request, scrapers) {
  await target.ask("touch");
  await sleep(SETTLE_MS);
  const before = cpuOf(target);
  const scrapes = Array.from({ length: scrapers }, () => scrape(target.port, request));
  const [first] = await Promise.all(scrapes);
  await sleep(SETTLE_MS);
  const after = cpuOf(target);
  return { ...first, main: after.main - before.main, all: after.all - before.all };
}

/** The longest block of the event loop during a scrape, in milliseconds. */
export async function measureBlock(targets, { rounds, perRound = 4 }) {
  const blocks = new Map(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of rotate(targets, round)) {
      for (let turn = 0; turn < perRound; turn++) {
        await target.ask("touch");
        await target.ask("probe");
        await sleep(SETTLE_MS);
        await scrape(target.port);
        const block = await target.ask("block");
        if (turn > 0) blocks.get(target.name).push(block);
      }
    }
  }
  return mapValues(blocks, median);
}

/** Requests a second on one connection, one after the other. */
export async function measureRate(targets, { rounds, ms }) {
  const rates = new Map(targets.map(({ name }) => [name, []]));
  for (const target of targets) await warmUp(target, {});
  for (let round = 0; round < rounds; round++) {
    for (const target of rotate(targets, round)) {
      const startedAt = performance.now();
      let count = 0;
      for (; performance.now() - startedAt < ms; count++) await scrape(target.port);
      if (round > 0) rates.get(target.name).push((count / (performance.now() - startedAt)) * 1_000);
    }
  }
  return mapValues(rates, median);
}

function mapValues(map, change) {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
