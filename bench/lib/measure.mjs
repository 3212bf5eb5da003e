// What is measured of targets. Every function takes the targets of one shape, and gives a Map from
// their names to figures.
import { Worker } from "node:worker_threads";
import { samplesOf, scrape, scrapeAndStall } from "./scraper.mjs";
import { median, quantile, rotate, sleep, spread } from "./stats.mjs";
import { cpuOf, memoryOf, resetPeak, startTarget } from "./target.mjs";

/** How long a process gets to finish what it has begun, in milliseconds. */
const SETTLE_MS = 5;

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

/** CPU, times and bytes of a scrape, or of several at once. */
export async function measureCost(
  targets,
  { rounds, perRound, warmUps = 6, scrapers = 1, ...request },
) {
  const samples = new Map(targets.map(({ name }) => [name, []]));
  for (const target of targets) {
    for (let turn = 0; turn < warmUps; turn++) await scrapeTouched(target, request);
  }
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

/** The memory that scrapes take at the highest, above what the process had, in megabytes. */
export function measurePeak(targets, { scrapes = 10, scrapers = 1 } = {}) {
  return measureMemory(targets, async (target) => {
    for (let turn = 0; turn < scrapes; turn++) {
      await Promise.all(Array.from({ length: scrapers }, () => scrape(target.port)));
      await target.ask("touch");
    }
  });
}

/** The memory that clients which never read cost, above what the process had, in megabytes. */
export function measureStalled(targets, clients = 8) {
  return measureMemory(targets, async (target) => {
    const sockets = Array.from({ length: clients }, () => scrapeAndStall(target.port));
    await sleep(2_500);
    for (const socket of sockets) socket.destroy();
  });
}

async function measureMemory(targets, work) {
  const peaks = new Map();
  for (const target of targets) {
    await target.ask("touch");
    for (let turn = 0; turn < 3; turn++) {
      await target.ask("gc");
      await sleep(50);
    }
    resetPeak(target);
    const idle = memoryOf(target).now;
    await work(target);
    peaks.set(target.name, memoryOf(target).peak - idle);
  }
  return peaks;
}

/** What the application's own requests feel, 200 a second, while it is scraped every second. */
export async function measureApplication(targets, { seconds }) {
  const latencies = new Map();
  for (const target of targets) {
    latencies.set(target.name, await feel(target, seconds, true));
  }
  const [first] = targets;
  if (first) latencies.set("no scrapes", await feel(first, seconds, false));
  return latencies;
}

async function feel({ applicationPort, port, ask }, seconds, isScraped) {
  const workerData = { port: applicationPort, seconds };
  const worker = new Worker(new URL("application-client.mjs", import.meta.url), { workerData });
  const ended = new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  for (let second = 0; second < seconds && isScraped; second++) {
    const startedAt = performance.now();
    await scrape(port);
    await ask("touch");
    await sleep(Math.max(0, 1_000 - (performance.now() - startedAt)));
  }
  const times = await ended;
  return { p50: median(times), p99: quantile(times, 0.99), max: Math.max(...times) };
}

/** Requests a second on one connection, one after the other. */
export async function measureRate(targets, { rounds, ms }) {
  const rates = new Map(targets.map(({ name }) => [name, []]));
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
