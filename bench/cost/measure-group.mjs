// What several workers that are one target cost. Every function takes what `aggregators.mjs` starts,
// and gives a Map from names to figures.
import { startApart } from "./aggregators.mjs";
import { SETTLE_MS } from "./measure.mjs";
import { scrape } from "./scraper.mjs";
import { WARM_UPS } from "./shapes.mjs";
import { median, rotate, sleep } from "./stats.mjs";
import { cpuOfThread } from "./target.mjs";

/**
 * Scrapes of a rival before the first that counts. They are fewer than of ours: the first already runs
 * their code for each of 400,000 lines, and takes a second.
 */
const RIVALS_WARM_UPS = { S0: 60, M: 20, L: 3 };

/**
 * A scrape of all workers: the CPU of the hub and of a member, times, and the longest block of the hub's
 * event loop. The probe runs along: a rival's scrapes at L take too long to be made twice.
 */
export async function measureGroups(groups, { rounds }) {
  for (const group of groups) await warmUp(group);
  const samples = new Map(groups.map((group) => [group, []]));
  for (let round = 0; round < rounds; round++) {
    for (const group of rotate(groups, round)) samples.get(group).push(await scrapeTouched(group));
  }
  return new Map([...samples].map(([{ name }, taken]) => [name, middle(taken)]));
}

async function warmUp(group) {
  const warmUps = group.isOurs ? WARM_UPS : RIVALS_WARM_UPS;
  for (let turn = 0; turn < warmUps[group.shape]; turn++) {
    await group.ask("touch");
    await scrape(group.port);
  }
}

async function scrapeTouched(group) {
  await group.ask("touch");
  await group.ask("probe");
  await sleep(SETTLE_MS);
  const before = cpuOf(group);
  const { wallMs, firstByteMs, bytes } = await scrape(group.port);
  await sleep(SETTLE_MS);
  const after = cpuOf(group);
  const longest = await group.ask("block");
  return {
    hub: after.hub - before.hub,
    member: after.member - before.member,
    longest,
    wall: wallMs,
    firstByte: firstByteMs,
    bytes,
  };
}

/** The CPU time of the hub's thread, and what one member's took on average. */
function cpuOf({ pid, members }) {
  const times = members.map(cpuOfThread);
  return {
    hub: cpuOfThread({ pid, tid: pid }),
    member: times.reduce((sum, ms) => sum + ms, 0) / times.length,
  };
}

/**
 * How long the hub runs at the most without a turn of its event loop while four members join that have
 * their metrics already, until the second scrape of all: in CPU time, because the members need all cores
 * at that moment. And the memory that it has for them from then on: what the group takes, and with the
 * bytes that are kept for the next body.
 */
export async function measureJoining(names, shape, { rounds }) {
  const figures = new Map();
  for (const name of names) {
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      const { longest, memory: all } = await joinOnce(name, shape);
      const { memory } = await joinOnce(name, shape, 0);
      samples.push({ longest, memory, all });
    }
    if (rounds > 0) figures.set(name, middle(samples));
  }
  return figures;
}

async function joinOnce(name, shape, keptBytes) {
  const group = await startApart(name, shape, keptBytes);
  try {
    await scrapeOften(group);
    const alone = await group.ask("memory");
    await group.ask("CPU probe");
    await group.ask("join");
    for (let turn = 0; turn < 2; turn++) await scrape(group.port);
    const longest = await group.ask("block");
    await scrapeOften(group);
    return { longest, memory: (await group.ask("memory")) - alone };
  } finally {
    await group.stop();
  }
}

/** Until everything is loaded that a scrape needs, and as much is kept as ever will be. */
async function scrapeOften(group) {
  for (let turn = 0; turn < 5; turn++) {
    await group.ask("touch");
    await scrape(group.port);
  }
}

function middle(samples) {
  const names = Object.keys(samples[0]);
  return Object.fromEntries(names.map((name) => [name, median(samples.map((one) => one[name]))]));
}
