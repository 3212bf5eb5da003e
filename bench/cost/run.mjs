// `npm run bench`: promhttp and its rivals, side by side, each in a process of its own.
//
//   --quick   less than two minutes: text at M and L, the longest block at L
//   --check   the same, and fails when a ratio misses half of its goal, twice
//   --write   renews the part of bench/RESULTS.md for this version of Node, and the README
//
// With another Node: npm ci --prefix test/runtimes, then
// test/runtimes/node_modules/node-24/bin/node bench/cost/run.mjs
import { parseArgs } from "node:util";
import { measureFootprint } from "./footprint.mjs";
import { LIBRARIES, missedByHalf } from "./goals.mjs";
import { measureBlock, measureCost, measureRate, withTargets } from "./measure.mjs";
import { measureApplication } from "./measure-application.mjs";
import { measurePeak, measureSlowReader, measureStalled } from "./measure-memory.mjs";
import { fullReport, shortReport } from "./report.mjs";
import { TARGETS } from "./target.mjs";
import { writeResults } from "./write-results.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    check: { type: "boolean" },
    write: { type: "boolean" },
  },
});
if (options.write && (options.quick || options.check)) {
  throw new Error("Only a full run is written down");
}

const ALL = Object.keys(TARGETS);
const PAIRS = LIBRARIES.flatMap(({ rival, ours }) => [rival, ours]);
const OURS = LIBRARIES.map(({ ours }) => ours);
/** Those of which a million series is asked: these alone fit the memory and the patience. */
const LARGE = ALL.filter((name) => !["OpenTelemetry exporter", "@promster/server"].includes(name));
const SCRAPERS = [...PAIRS, "OpenTelemetry exporter"];

if (options.check) await check();
else {
  const results = options.quick ? await quick() : await full();
  console.log(fullReport(results));
  if (options.write) writeResults(fullReport(results), shortReport(results));
}

async function check() {
  let missed = await missedNow();
  if (missed.length > 0) {
    // Something else may have used the machine.
    const again = await missedNow();
    missed = missed.filter((figure) => again.includes(figure));
  }
  for (const figure of missed) console.error(`Less than half of the goal: ${figure}`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

async function missedNow() {
  const results = await quick();
  console.log(fullReport(results));
  return missedByHalf(results);
}

async function quick() {
  const cost = {};
  const block = {};
  await step("M", PAIRS, async (targets) => {
    cost.M = await measureCost(targets, { rounds: 8, perRound: 6 });
  });
  await step("L", PAIRS, async (targets) => {
    cost.L = await measureCost(targets, { rounds: 6, perRound: 4 });
    block.L = await measureBlock(targets, { rounds: 4 });
  });
  return { cost, block };
}

async function full() {
  const measured = { cost: {}, block: {}, peak: {}, cases: {} };
  const { cost, block, peak, cases } = measured;
  for (const shape of ["S", "S0", "M"]) {
    await step(shape, ALL, async (targets) => {
      cost[shape] = await measureCost(targets, { rounds: 9, perRound: 12 });
    });
  }
  await step("L", ALL, async (targets) => {
    const of = (names) => targets.filter(({ name }) => names.includes(name));
    // Memory first: nothing has been scraped then but once.
    peak.L = await measurePeak(targets);
    measured.stalled = await measureStalled(of(SCRAPERS));
    cost.L = await measureCost(targets, { rounds: 9, perRound: 4 });
    block.L = await measureBlock(targets, { rounds: 5 });
    const several = { rounds: 5, perRound: 3 };
    cases["Two scrapers at once, L"] = await measureCost(of(SCRAPERS), { ...several, scrapers: 2 });
    measured.four = await measureCost(of(SCRAPERS), { ...several, scrapers: 4 });
    cases["Four scrapers at once, L"] = measured.four;
    const few = { rounds: 5, perRound: 4 };
    measured.gzip = await measureCost(of(OURS), { ...few, isGzip: true });
    cases["gzip, L"] = measured.gzip;
    cases["OpenMetrics, L"] = await measureCost(of(OURS), { ...few, format: "openmetrics" });
    cases["protobuf, L"] = await measureCost(of(OURS), { ...few, format: "protobuf" });
    measured.slow = await measureSlowReader(of(SCRAPERS), { megabytesPerSecond: 4, rounds: 3 });
    measured.application = await measureApplication(of(SCRAPERS), { seconds: 15 });
  });
  await step("G", SCRAPERS, async (targets) => {
    measured.rate = await measureRate(targets, { rounds: 6, ms: 500 });
  });
  await step("XL", LARGE, async (targets) => {
    peak.XL = await measurePeak(targets, { scrapes: 4 });
    cost.XL = await measureCost(targets, { rounds: 4, perRound: 2 });
    block.XL = await measureBlock(targets, { rounds: 2, perRound: 2 });
  });
  tell("foot-print");
  measured.footprint = measureFootprint({ rounds: 15 });
  return measured;
}

function step(shape, names, work) {
  tell(shape);
  return withTargets(names, shape, work);
}

function tell(what) {
  console.error(`${new Date().toTimeString().slice(0, 8)} ${what}`);
}
