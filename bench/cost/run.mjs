// `npm run bench`: promhttp and its rivals, side by side, each in processes of its own.
//
//   --write   renews the parts of bench/RESULTS.md for this version of Node, and the README; with the
//             step "4 workers", "OpenTelemetry" or "thread" alone only its part
//   --check   fails when a guarded figure misses half of its goal, twice: eight minutes at the most
//   --quick   a short look: text at M and L, the longest block at L, four workers at L
//   --noise   the figures of --check with ours instead of each library: all ratios are 1, or noise
//
// The names of steps (`steps.mjs`) restrict a run: npm run bench -- S0 rate
//
// With another Node: npm ci --prefix test/runtimes, then
// test/runtimes/node_modules/node-24/bin/node bench/cost/run.mjs
import { parseArgs } from "node:util";
import { AGGREGATOR_PROGRAMS, AGGREGATORS } from "./aggregators.mjs";
import { GUARDED_STEPS, missed } from "./goals.mjs";
import { LIBRARIES } from "./libraries.mjs";
import { SDK_TARGETS, SDKS } from "./opentelemetry-sdks.mjs";
import { fullReport, shortReport } from "./report.mjs";
import { EXTENTS, runSteps, STEPS } from "./steps.mjs";
import { TARGETS } from "./target.mjs";
import { writePart, writeResults } from "./write-results.mjs";

const MODES = { write: writeDown, check, quick, noise };

const flag = { type: "boolean" };
const { values: chosen, positionals: names } = parseArgs({
  options: Object.fromEntries(Object.keys(MODES).map((mode) => [mode, flag])),
  allowPositionals: true,
});
const modes = Object.keys(chosen);
if (modes.length > 1) throw new Error(`Choose one of ${modes}`);

/** The steps that have a part of the results for themselves, because they take long; and its name. */
const PARTS = { "4 workers": "workers", OpenTelemetry: "opentelemetry", thread: "thread" };

/** A first try that takes longer than this leaves time for one process of each in the second. */
const BUSY_MS = 170_000;

const startedAt = performance.now();
await (MODES[modes[0]] ?? full)();
console.error(`Took ${Math.round((performance.now() - startedAt) / 1_000)} s`);

async function full() {
  const results = await runSteps(chosenOr(Object.keys(STEPS)), EXTENTS.full);
  console.log(fullReport(results));
  return results;
}

function chosenOr(steps) {
  return names.length > 0 ? names : steps;
}

async function writeDown() {
  const isPartAlone = names.length === 1 && Object.hasOwn(PARTS, names[0]);
  if (names.length > 0 && !isPartAlone) {
    throw new Error(`Only a full run is written down, or one step alone of ${Object.keys(PARTS)}`);
  }
  const results = await full();
  for (const [step, name] of Object.entries(PARTS)) {
    if (step in results) writePart(name, fullReport({ [step]: results[step] }));
    delete results[step];
  }
  if (!isPartAlone) writeResults(fullReport(results), shortReport(results));
}

async function quick() {
  console.log(fullReport(await runSteps(chosenOr(["M", "L", "4 workers"]), EXTENTS.quick)));
}

async function noise() {
  for (const { rival, ours } of LIBRARIES) TARGETS[rival] = TARGETS[ours];
  for (const { rival, ours } of AGGREGATORS) AGGREGATOR_PROGRAMS[rival] = AGGREGATOR_PROGRAMS[ours];
  for (const { rival, ours } of SDKS) SDK_TARGETS[rival] = SDK_TARGETS[ours];
  console.log(fullReport(await runSteps(chosenOr(GUARDED_STEPS), EXTENTS.check)));
}

async function check() {
  let short = await shortOf(GUARDED_STEPS, EXTENTS.check);
  if (short.length > 0) {
    // Something else may have used the machine: what fell short gets a second try.
    const isBusy = performance.now() - startedAt > BUSY_MS;
    const extent = isBusy ? { ...EXTENTS.check, processes: 1 } : EXTENTS.check;
    const again = await shortOf([...new Set(short.map(({ step }) => step))], extent);
    short = again.filter(({ figure }) => short.some((first) => first.figure === figure));
  }
  for (const { text } of short) console.error(`Less than half of the goal, twice: ${text}`);
  process.exitCode = short.length > 0 ? 1 : 0;
}

async function shortOf(steps, extent) {
  const results = await runSteps(steps, extent);
  console.log(fullReport(results));
  return missed(results);
}
