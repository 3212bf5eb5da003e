// What a scrape costs. Every function takes targets, and gives a Map from their names to figures.
import { openConnection } from "./connection.mjs";
import { scrape } from "./scraper.mjs";
import { WARM_UPS } from "./shapes.mjs";
import { median, quantile, rotate, sleep, spread } from "./stats.mjs";
import { cpuOf } from "./target.mjs";

/** How long a process gets to finish what it has begun, in milliseconds. */
export const SETTLE_MS = 5;

/**
 * CPU, times and bytes of a scrape, or of several at once.
 *
 * @param options `rounds` in which each target has its turn, `everyMs` between two scrapes of one
 *   target, `scrapers` at once, and `requestOf()`, which gives what `scrape()` takes for a target.
 */
export async function measureCost(targets, options) {
  for (const target of targets) await warmUp(target, options.requestOf?.(target));
  const samples = await sampleInTurns(targets, options);
  return new Map(targets.map((target) => [target.name, costOf(samples.get(target))]));
}

/**
 * Scrapes each target once in each round: as in life, other work has been done since its last scrape.
 * Several in a row, the first of them not counted, made S0 look 2.1 to 2.5 times as good as
 * prom-client instead of 1.8: our code then stays in the caches, while what prom-client pays for
 * garbage stays the same.
 */
export async function sampleInTurns(targets, { rounds, everyMs = 0, scrapers, requestOf }) {
  const samples = new Map(targets.map((target) => [target, []]));
  const slotMs = everyMs / targets.length;
  const startedAt = performance.now();
  let slot = 0;
  for (let round = 0; round < rounds; round++) {
    for (const target of rotate(targets, round)) {
      await sleep(Math.max(0, startedAt + slot++ * slotMs - performance.now()));
      samples.get(target).push(await scrapeTouched(target, requestOf?.(target), scrapers));
    }
  }
  return samples;
}

/** Makes the figures of a target from its samples. */
export function costOf(samples) {
  const of = (name) => median(samples.map((sample) => sample[name]));
  return {
    main: of("main"),
    all: of("all"),
    wall: of("wallMs"),
    firstByte: of("firstByteMs"),
    bytes: of("bytes"),
    spread: spread(samples.map(({ main }) => main)),
  };
}

const upperQuartile = (values) => quantile(values, 0.75);

const warm = new WeakMap();

/** Scrapes a target until its code is optimised, once for each kind of request. */
export async function warmUp(target, request) {
  const done = warm.get(target) ?? warm.set(target, new Set()).get(target);
  const kind = JSON.stringify(request);
  if (done.has(kind)) return;
  done.add(kind);
  for (let turn = 0; turn < WARM_UPS[target.shape]; turn++) {
    await target.ask("touch");
    await scrape(target.port, request);
  }
}

async function scrapeTouched(target, request, scrapers = 1) {
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
export async function measureBlock(targets, { rounds }) {
  const blocks = new Map(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of rotate(targets, round)) {
      await target.ask("touch");
      await target.ask("probe");
      await sleep(SETTLE_MS);
      await scrape(target.port);
      blocks.get(target.name).push(await target.ask("block"));
    }
  }
  return figures(blocks, "longest", median);
}

/**
 * Requests a second on one connection, one after the other. This is wall time, and another program
 * can only make it longer: of many short turns the upper quartile is the one that was left alone.
 */
export async function measureRate(targets, { rounds, ms }) {
  const rates = new Map(targets.map(({ name }) => [name, []]));
  for (const target of targets) await warmUp(target);
  for (let round = 0; round < rounds; round++) {
    for (const target of rotate(targets, round))
      rates.get(target.name).push(await rateOf(target, ms));
  }
  return figures(rates, "perSecond", upperQuartile);
}

async function rateOf({ port }, ms) {
  const connection = openConnection(port);
  await connection.scrape();
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() - startedAt < ms; count++) await connection.scrape();
  const seconds = (performance.now() - startedAt) / 1_000;
  connection.close();
  return count / seconds;
}

function figures(samples, measure, middle) {
  return new Map([...samples].map(([name, values]) => [name, { [measure]: middle(values) }]));
}
