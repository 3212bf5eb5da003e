// What is measured: one step after the other, each with processes of its own.
//
// A step takes how far to go, and gives figures: a Map from the names of the targets
// to their figures for each measure. `goals.mjs` and `report.mjs` find a figure by step and measure.
import { runnableAggregators, startGroup } from "./aggregators.mjs";
import { measureFootprint } from "./footprint.mjs";
import { LIBRARIES } from "./libraries.mjs";
import { measureBlock, measureCost, measureRate, warmUp } from "./measure.mjs";
import { measureApplication } from "./measure-application.mjs";
import { measureGroups, measureJoining } from "./measure-group.mjs";
import { measurePeak, measureSlowReader, measureStalled } from "./measure-memory.mjs";
import { measurePaused, measurePausedPeak } from "./measure-paused.mjs";
import { measureStuck } from "./measure-stuck.mjs";
import { runnableSdks, SDKS, startOverSdk } from "./opentelemetry-sdks.mjs";
import { checkSamples, inProcesses, withTargets } from "./processes.mjs";
import { TARGETS } from "./target.mjs";

const THREADS = LIBRARIES.map(({ thread }) => thread);
const ALL = Object.keys(TARGETS).filter((name) => !THREADS.includes(name));
const PAIRS = LIBRARIES.flatMap(({ rival, ours }) => [rival, ours]);
const OURS = LIBRARIES.map(({ ours }) => ours);
const SCRAPERS = [...PAIRS, "OpenTelemetry exporter"];
/** Those of which a million series is asked: these alone fit the memory and the patience. */
const LARGE = ALL.filter((name) => !["OpenTelemetry exporter", "@promster/server"].includes(name));

/**
 * How far a run goes: whether all rivals take part, how many processes of each pair, how many rounds;
 * with four workers: at which shapes, in how many groups, and how often they join; with OpenTelemetry: which
 * SDKs, at which shapes, in how many groups, and in how many scrapes the peak; and in a thread: at which shapes, in
 * how many groups, and whether more than CPU is measured.
 */
export const EXTENTS = {
  full: {
    hasRivals: true,
    processes: 3,
    share: 1,
    workers: { shapes: ["S0", "M", "L"], groups: 3, joins: 3 },
    openTelemetry: { sdks: SDKS, shapes: ["S0", "M", "L"], groups: 3, pauses: 20 },
    thread: { shapes: ["S", "S0", "M", "L", "XL"], groups: 3, hasRest: true },
  },
  check: {
    hasRivals: false,
    processes: 3,
    share: 0.7,
    workers: { shapes: ["L"], groups: 1, joins: 0 },
    openTelemetry: { sdks: SDKS.slice(0, 1), shapes: ["M"], groups: 1, pauses: 0 },
    thread: { shapes: ["S", "S0", "M", "L"], groups: 1, hasRest: false },
  },
  quick: {
    hasRivals: false,
    processes: 1,
    share: 1,
    workers: { shapes: ["L"], groups: 1, joins: 1 },
    openTelemetry: { sdks: SDKS, shapes: ["M"], groups: 1, pauses: 0 },
    thread: { shapes: ["S0", "M"], groups: 1, hasRest: false },
  },
};

/** The steps of a full run, in their order. */
export const STEPS = {
  S: (extent) => measureText("S", 30, extent),
  S0: (extent) => measureText("S0", 30, extent),
  M: (extent) => measureText("M", 24, extent),
  L: (extent) =>
    inProcesses(groupsOf(ALL, extent), "L", async (targets, group) => {
      if (group === 0) await checkSamples(targets);
      return {
        cost: await measureCost(targets, { rounds: roundsOf(10, extent) }),
        block: await measureBlock(targets, { rounds: roundsOf(10, extent) }),
      };
    }),
  XL: (extent) =>
    inProcesses(groupsOf(LARGE, extent), "XL", async (targets, group) => {
      const peak = await measurePeak(targets, { scrapes: 4 });
      // What serves static bytes has not seen the touches of that.
      if (group === 0) await checkSamples(targets.filter(({ name }) => name !== "static bytes"));
      return {
        peak,
        cost: await measureCost(targets, { rounds: 3 }),
        block: await measureBlock(targets, { rounds: 2 }),
      };
    }),
  "many scrapers": () =>
    withTargets(SCRAPERS, "L", async (targets) => ({
      two: await measureCost(targets, { rounds: 10, scrapers: 2 }),
      four: await measureCost(targets, { rounds: 10, scrapers: 4 }),
    })),
  // Theirs without gzip beside ours with it: in another part of the run the machine is another.
  formats: () =>
    withTargets(PAIRS, "L", async (targets) => {
      const ours = targets.filter(({ name }) => OURS.includes(name));
      const requestOf = (target) => ({ isGzip: ours.includes(target) });
      return {
        gzip: await measureCost(targets, { rounds: 20, requestOf }),
        openmetrics: await measureCost(ours, {
          rounds: 15,
          requestOf: () => ({ format: "openmetrics" }),
        }),
        protobuf: await measureCost(ours, {
          rounds: 15,
          requestOf: () => ({ format: "protobuf" }),
        }),
      };
    }),
  clients: () =>
    withTargets(SCRAPERS, "L", async (targets) => ({
      stalled: await measureStalled(targets),
      slow: await measureSlowReader(targets, { megabytesPerSecond: 4, rounds: 3 }),
      application: await measureApplication(targets, { rounds: 3, seconds: 5 }),
    })),
  rate: (extent) =>
    inProcesses(groupsOf(SCRAPERS, extent), "G", async (targets) => ({
      rate: await measureRate(targets, { rounds: roundsOf(20, extent), ms: 120 }),
    })),
  "1 s apart": () =>
    withTargets(PAIRS, "S0", async (targets) => ({
      cost: await measureCost(targets, { rounds: 20, everyMs: 1_000 }),
    })),
  "15 s apart": () =>
    withTargets(PAIRS, "S0", (small) =>
      withTargets(SCRAPERS, "L", (large) =>
        measurePaused(small, large, { rounds: 20, everyMs: 15_000 }),
      ),
    ),
  "4 workers": async ({ workers }) => {
    const pairs = runnableAggregators();
    const figures = {};
    for (const shape of workers.shapes) {
      figures[shape] = await measureAggregators(pairs, shape, workers.groups);
    }
    const ours = pairs.map((pair) => pair.ours);
    const joining = await measureJoining(ours, "L", { rounds: workers.joins });
    return { ...figures, joining };
  },
  OpenTelemetry: async (extent) => {
    const { sdks, shapes, groups, pauses } = extent.openTelemetry;
    const runnable = runnableSdks(sdks);
    const figures = {};
    for (const shape of shapes) {
      const rounds = roundsOf(ROUNDS_OF_SDKS[shape], extent);
      figures[shape] = await measureSdks(runnable, shape, { groups, rounds });
    }
    if (pauses === 0) return figures;
    const names = runnable.flatMap(namesOfSdk);
    const options = { rounds: pauses, everyMs: 5_000 };
    const work = (targets) => measurePausedPeak(targets, options);
    return { ...figures, peak: await withTargets(names, "L", work, startOverSdk) };
  },
  thread: async ({ thread, share }) => {
    const { shapes, groups, hasRest } = thread;
    const figures = {};
    for (const shape of shapes) {
      const length = shape === "XL" ? 1 : groups;
      const names = Array.from({ length }, () => [...PAIRS, ...THREADS]);
      const rounds = roundsOf(ROUNDS_OF_THREADS[shape], { share });
      const work = async (targets, index) => {
        if (index === 0) await checkSamples(targets);
        return { cost: await measureCost(targets, { rounds }) };
      };
      figures[shape] = (await inProcesses(names, shape, work)).cost;
    }
    if (!hasRest) return figures;
    return withTargets([...PAIRS, ...THREADS], "L", async (targets) => ({
      ...figures,
      application: await measureApplication(targets, { rounds: 5, seconds: 5 }),
      stuck: await measureStuck(targets, { rounds: 3 }),
    }));
  },
  footprint: () => ({ footprint: measureFootprint({ rounds: 15 }) }),
};

/** How often ours in a thread and the libraries are scraped. */
const ROUNDS_OF_THREADS = { S: 30, S0: 30, M: 24, L: 10, XL: 3 };

function measureText(shape, rounds, extent) {
  return inProcesses(groupsOf(ALL, extent), shape, async (targets) => {
    await checkSamples(targets);
    return { cost: await measureCost(targets, { rounds: roundsOf(rounds, extent) }) };
  });
}

/** How often four workers are scraped: a rival takes a second and more at L. */
const ROUNDS_OF_WORKERS = { S0: 20, M: 16, L: 5 };

/** Measures pair by pair, because all of them together are thirty processes. */
async function measureAggregators(pairs, shape, groups) {
  const figures = [];
  for (const { rival, ours } of pairs) {
    const work = async (targets, index) => {
      if (index === 0) await checkSamples(targets);
      return { cost: await measureGroups(targets, { rounds: ROUNDS_OF_WORKERS[shape] }) };
    };
    const names = Array.from({ length: groups }, () => [rival, ours]);
    figures.push(...(await inProcesses(names, shape, work, startGroup)).cost);
  }
  return new Map(figures);
}

/**
 * How often endpoints over OpenTelemetry are scraped, for the longest block and again for CPU. At M, ours
 * takes a sixth less after 90 scrapes than after 40, the exporter and `collect()` what they took.
 */
const ROUNDS_OF_SDKS = { S0: 40, M: 50, L: 10 };

/** Measures one SDK after the other. */
async function measureSdks(sdks, shape, { groups, rounds }) {
  const figures = [];
  for (const sdk of sdks) {
    const work = async (targets, index) => {
      // `collect()` alone serves none.
      if (index === 0) await checkSamples(targets.filter(({ name }) => name !== sdk.floor));
      for (const target of targets) await warmUp(target);
      const block = await measureBlock(targets, { rounds });
      const cost = await measureCost(targets, { rounds });
      return {
        both: new Map([...cost].map(([name, of]) => [name, { ...of, ...block.get(name) }])),
      };
    };
    const names = Array.from({ length: groups }, () => namesOfSdk(sdk));
    figures.push(...(await inProcesses(names, shape, work, startOverSdk)).both);
  }
  return new Map(figures);
}

function namesOfSdk({ rival, floor, ours, kept0 }) {
  return [rival, floor, ours, kept0];
}

/** The targets of each group of processes: all are in the first, and only the pairs in others. */
function groupsOf(names, { hasRivals, processes }) {
  return Array.from({ length: processes }, (_, index) =>
    names.filter((name) => (hasRivals && index === 0) || PAIRS.includes(name)),
  );
}

function roundsOf(rounds, { share }) {
  return Math.ceil(rounds * share);
}

/** Runs steps, and gives their figures by step and measure. */
export async function runSteps(names, extent) {
  const results = {};
  for (const name of names) {
    console.error(`${new Date().toTimeString().slice(0, 8)} ${name}`);
    results[name] = await STEPS[name](extent);
  }
  return results;
}
