// `npm run bench`: promhttp and its rivals, side by side, each in a process of its own.
//
//   --quick   less than two minutes: text at M and L, the longest block at L
//   --check   the same, and fails when a ratio misses half of its goal
//   --write   renews bench/RESULTS.md and the figures of README.md
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureFootprint } from "./lib/footprint.mjs";
import { LIBRARIES, missedByHalf } from "./lib/goals.mjs";
import {
  measureApplication,
  measureBlock,
  measureCost,
  measurePeak,
  measureRate,
  measureStalled,
  withTargets,
} from "./lib/measure.mjs";
import { fullReport, shortReport } from "./lib/report.mjs";
import { TARGETS } from "./lib/target.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    check: { type: "boolean" },
    write: { type: "boolean" },
  },
});

const ALL = Object.keys(TARGETS);
const PAIRS = LIBRARIES.flatMap(({ rival, ours }) => [rival, ours]);
const OURS = LIBRARIES.map(({ ours }) => ours);
/** Those of which a million series is asked: these alone fit the memory and the patience. */
const LARGE = ALL.filter((name) => !["OpenTelemetry exporter", "@promster/server"].includes(name));
const SCRAPERS = [...PAIRS, "OpenTelemetry exporter"];

const results = options.quick || options.check ? await quick() : await full();
console.log(fullReport(results));
if (options.write) {
  renew("RESULTS.md", fullReport(results));
  renew("../README.md", shortReport(results));
}
if (options.check) {
  const missed = missedByHalf(results);
  for (const { figure, ratios } of missed) console.error(`${figure}: only ${ratios.join(" and ")}`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

async function quick() {
  const cost = {};
  const block = {};
  await withTargets(PAIRS, "M", async (targets) => {
    cost.M = await measureCost(targets, { rounds: 6, perRound: 8 });
  });
  await withTargets(PAIRS, "L", async (targets) => {
    cost.L = await measureCost(targets, { rounds: 5, perRound: 5 });
    block.L = await measureBlock(targets, { rounds: 3 });
  });
  return { cost, block };
}

async function full() {
  const measured = { cost: {}, block: {}, peak: {}, cases: {} };
  const { cost, block, peak, cases } = measured;
  for (const shape of ["S", "S0", "M"]) {
    await step(shape, ALL, shape, async (targets) => {
      cost[shape] = await measureCost(targets, { rounds: 9, perRound: 12 });
    });
  }
  // Memory first: nothing has been scraped then but once.
  await step("L, memory", ALL, "L", async (targets) => {
    peak.L = await measurePeak(targets);
    cost.L = await measureCost(targets, { rounds: 9, perRound: 4 });
    block.L = await measureBlock(targets, { rounds: 5 });
  });
  await step("L, several scrapers", SCRAPERS, "L", async (targets) => {
    const several = { rounds: 5, perRound: 3 };
    cases["Two scrapers at once, L"] = await measureCost(targets, { ...several, scrapers: 2 });
    measured.four = await measureCost(targets, { ...several, scrapers: 4 });
    cases["Four scrapers at once, L"] = measured.four;
    measured.application = await measureApplication(targets, { seconds: 15 });
    measured.stalled = await measureStalled(targets);
  });
  await step("L, formats", OURS, "L", async (targets) => {
    const few = { rounds: 5, perRound: 4 };
    measured.gzip = await measureCost(targets, { ...few, isGzip: true });
    cases["gzip, L"] = measured.gzip;
    cases["OpenMetrics, L"] = await measureCost(targets, { ...few, format: "openmetrics" });
    cases["protobuf, L"] = await measureCost(targets, { ...few, format: "protobuf" });
  });
  await step("1,000 gauges", SCRAPERS, "G", async (targets) => {
    measured.rate = await measureRate(targets, { rounds: 6, ms: 500 });
  });
  await step("XL", LARGE, "XL", async (targets) => {
    peak.XL = await measurePeak(targets, { scrapes: 4 });
    cost.XL = await measureCost(targets, { rounds: 3, perRound: 2, warmUps: 3 });
    block.XL = await measureBlock(targets, { rounds: 2, perRound: 2 });
  });
  measured.footprint = measureFootprint({ rounds: 7 });
  return measured;
}

function step(title, names, shape, work) {
  console.error(`${new Date().toTimeString().slice(0, 8)} ${title}`);
  return withTargets(names, shape, work);
}

function renew(file, text) {
  const url = new URL(file, import.meta.url);
  const old = readFileSync(url, "utf8");
  // A function, because a replacement text may hold `$`.
  const marked = /(<!-- bench -->)[\s\S]*?(<!-- \/bench -->)/;
  if (!marked.test(old)) throw new Error(`${file} has no place for the figures`);
  writeFileSync(
    url,
    old.replace(marked, (_, start, end) => `${start}\n${text}\n${end}`),
  );
}
