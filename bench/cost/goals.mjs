// What is aimed at. A row of a table names a figure by step and measure (`steps.mjs`).
import { AGGREGATORS } from "./aggregators.mjs";
import { LIBRARIES } from "./libraries.mjs";
import { SDKS } from "./opentelemetry-sdks.mjs";

/**
 * A run with `--check` fails below this share of a guarded goal. The ratios depend on the machine: the
 * same code took M 6.8 times less than prom-client on one Xeon, and 5.3 times less on another that runs
 * everything twice as fast; the longest block over @prometheus-io/client was 39 and 17 times shorter.
 */
const GUARDED_SHARE = 0.5;

export const main = (figure) => figure.main;
const all = (figure) => figure.all;
const firstByte = (figure) => figure.firstByte;
const longest = (figure) => figure.longest;
const peak = (figure) => figure.peak;
const p99 = (figure) => figure.p99;

/**
 * Figures that should be high: how many times more than ours the library's own `metrics()` takes.
 *
 * `goals` are those over prom-client and @prometheus-io/client; `of` takes the value of a figure;
 * `--check` guards a row that `isGuarded`. `ours` and `rival` name others than the pair.
 */
const HIGH = [
  cpu("S", [1.75, 1.8], { isGuarded: true }),
  cpu("S0", [2.5, 2.3], { isGuarded: true }),
  cpu("M", [8, 7], { isGuarded: true }),
  cpu("L", [12, 12], { isGuarded: true }),
  cpu("XL", [15, 15], { title: "CPU of the main thread, XL, `maxKeptBytes` 256 MiB" }),
  cpu("S0", [2.5, 2.3], { title: "the same, S0, scraped every second", step: "1 s apart" }),
  cpu("S0", [4, 3.5], { title: "the same, S0, scraped every 15 seconds", step: "15 s apart" }),
  cpu("L", [15, 18], {
    title: "the same, L, four scrapers at once",
    step: "many scrapers",
    measure: "four",
  }),
  {
    title: "requests a second, 1,000 gauges, one connection",
    step: "rate",
    measure: "rate",
    of: ({ perSecond }) => 1 / perSecond,
    goals: [2.2, 1.7],
    isGuarded: true,
  },
  {
    title: "CPU of the process, L, ours with gzip",
    step: "formats",
    measure: "gzip",
    of: all,
    goals: [4, 4],
  },
  // What follows shall not get worse: its goals are what was confirmed from outside, rounded down.
  {
    title: "longest block, L",
    step: "L",
    measure: "block",
    of: longest,
    // 53 to 110 and 51 to 64 times while other programs ran, which makes theirs twice as long; 38 and
    // 27 alone. Not far from what the probe can show: static bytes block for 4 ms.
    goals: [40, 30],
    isGuarded: true,
  },
  {
    title: "longest block, XL",
    step: "XL",
    measure: "block",
    of: longest,
    // 600 and 400 times while other programs ran, which makes theirs twice as long; 260 and 160 alone.
    goals: [250, 150],
  },
  {
    title: "peak memory, L, scraped every 15 seconds",
    step: "15 s apart",
    measure: "peak",
    of: peak,
    // 2.4 and 2.2 times of one scrape; theirs grows for twenty scrapes, ours for two.
    goals: [4, 4],
  },
  // 4.5 and 3.6 times.
  { title: "peak memory, XL", step: "XL", measure: "peak", of: peak, goals: [4.5, 3.5] },
  {
    title: "application's p99 while scraped, L",
    step: "clients",
    measure: "application",
    of: p99,
    // 111 and 55 times: theirs is one call of `metrics()`, and as long as the machine makes it.
    goals: [50, 50],
  },
  {
    title: "time to first byte, L",
    step: "L",
    measure: "cost",
    of: firstByte,
    // 1,000 and 150 times at XL, with other programs beside; 131 and 133 at L in an earlier run.
    goals: [100, 100],
  },
  cpu("L", [2.4, 2.2], { title: "CPU of the main thread, L, nothing kept", ours: "kept0" }),
  cpu("XL", [4, 2.6], { title: "CPU of the main thread, XL, nothing kept", ours: "kept0" }),
  {
    title: "peak memory, XL, nothing kept",
    step: "XL",
    measure: "peak",
    of: peak,
    ours: "kept0",
    goals: [8, 6],
  },
  cpu("L", [15, 15], {
    title: "CPU against the OpenTelemetry exporter, L",
    rival: "OpenTelemetry exporter",
  }),
];

/** The same over `AggregatorRegistry`, `ClusterRegistry` and `WorkerRegistry`. */
const HIGH_OF_WORKERS = [
  ofWorkers("CPU of the hub, S0", "S0", "hub", [3, 3, 3]),
  ofWorkers("CPU of the hub, M", "M", "hub", [20, 12, 12]),
  ofWorkers("CPU of the hub, L", "L", "hub", [30, 10, 40], { isGuarded: true }),
  ofWorkers("longest block of the hub, L", "L", "longest", [50, 50, 50], { isGuarded: true }),
  ofWorkers("CPU of a member, L", "L", "member", [8, 8, 8], { isGuarded: true }),
];

function ofWorkers(title, measure, name, goals, more) {
  return { title, step: "4 workers", measure, of: (figure) => figure[name], goals, ...more };
}

/** The same over the exporter of SDK 2 and that of SDK 3, which V8 optimises sooner. */
const HIGH_OF_SDKS = [
  ofSdks("CPU of the main thread, S0", "S0", main, [1.7, 1.7]),
  ofSdks("CPU of the main thread, M", "M", main, [4.5, 4], { isGuarded: true }),
  ofSdks("CPU of the main thread, L", "L", main, [4.5, 4.5]),
  ofSdks("peak memory, L, scraped every 5 seconds", "peak", peak, [2, 2]),
];

function ofSdks(title, measure, of, goals, more) {
  return { title, step: "OpenTelemetry", measure, of, goals, ...more };
}

function cpu(shape, goals, more) {
  const title = `CPU of the main thread, ${shape}`;
  return { title, step: shape, measure: "cost", of: main, goals, ...more };
}

/** Figures that should be low; `of` takes what was measured, and a pair. */
const LOW = [
  {
    title: "longest block at XL, times that at L",
    most: 3,
    of: ({ L, XL }, { ours }) => XL?.block.get(ours).longest / L?.block.get(ours).longest,
  },
  {
    title: "application's p99 while scraped, times that without, L",
    most: 3,
    of: ({ clients }, { ours }) =>
      clients?.application.get(ours).p99 / clients?.application.get("no scrapes").p99,
  },
  {
    // 1.7 and -0.1.
    title: "kept for 8 clients that never read, L, MB",
    most: 2,
    of: ({ clients }, { ours }) => clients?.stalled.get(ours).kept,
  },
  {
    title: "idle RSS above the client library, MB",
    most: 1,
    of: ({ footprint }, { ours }) => footprint?.footprint.memory.get(ours).livedAbove,
  },
  {
    title: "idle RSS above that of a plain server, in a thread, MB",
    most: 17,
    of: ({ footprint }, { thread, ours }) =>
      footprint?.footprint.memory.get(thread).lived - footprint?.footprint.memory.get(ours).lived,
  },
  {
    title: "import after the client library, ms",
    most: 5,
    of: ({ footprint }, { rival }) => footprint?.footprint.load.get(`promhttp after ${rival}`),
  },
  {
    title: "package on disk, kB",
    most: 150,
    of: ({ footprint }) => footprint?.footprint.installs.get("promhttp").kb,
  },
];

/** Figures of four workers that should be low. */
const LOW_OF_WORKERS = [
  workersAtMost("longest block of the hub, L, ms", "L", "longest", 20),
  workersAtMost("longest block of the hub while four join, L, ms of CPU", "joining", "longest", 20),
  workersAtMost("memory of the hub for four members, L, MB", "joining", "memory", 25),
];

function workersAtMost(title, measure, name, most) {
  return {
    title,
    most,
    of: (results, { ours }) => results["4 workers"]?.[measure]?.get(ours)?.[name],
  };
}

/** The longest block of the event loop over OpenTelemetry: nearly all of it is one call of `collect()`. */
const LOW_OF_SDKS = [blockOverSdk("M", 2.5), blockOverSdk("L", 1.5)];

function blockOverSdk(shape, most) {
  return {
    title: `longest block, ${shape}, times that of collect() alone`,
    most,
    of: ({ OpenTelemetry: shapes }, { ours, floor }) =>
      shapes?.[shape]?.get(ours)?.longest / shapes?.[shape]?.get(floor)?.longest,
  };
}

/** The same for servers in a thread of their own, whose main thread is that of the application. */
const HIGH_OF_THREADS = [
  inThread("S", [2, 1.7]),
  inThread("S0", [4, 3.8]),
  inThread("M", [14, 14]),
  inThread("L", [18, 35]),
  { ...inThread("XL", [25, 45]), isGuarded: false },
];

function inThread(shape, goals) {
  const title = `CPU of the main thread, ${shape}`;
  return { title, step: "thread", measure: shape, of: main, goals, isGuarded: true };
}

/** Figures of servers in a thread that should be low. */
const LOW_OF_THREADS = [
  {
    title: "application's p99 while scraped, times that without, L",
    most: 1.5,
    of: ({ thread }, { ours }) =>
      thread?.application?.get(ours).p99 / thread?.application?.get("no scrapes").p99,
  },
  {
    title: "a scrape when the application has just become stuck, L, ms",
    most: 1_100,
    of: ({ thread }, { ours }) => thread?.stuck?.get(ours).early,
  },
  {
    title: "a scrape while it is stuck, L, ms",
    most: 50,
    of: ({ thread }, { ours }) => thread?.stuck?.get(ours).late,
  },
];

/** Each client library, and ours over it in a thread. */
const THREADS = LIBRARIES.map(({ rival, thread }) => ({ rival, ours: thread }));

/** The tables of goals: what is compared with what, and the rows. */
export const COMPARISONS = [
  { suffix: "", pairs: LIBRARIES, high: HIGH, low: LOW },
  { suffix: ", four workers", pairs: AGGREGATORS, high: HIGH_OF_WORKERS, low: LOW_OF_WORKERS },
  { suffix: ", OpenTelemetry", pairs: SDKS, high: HIGH_OF_SDKS, low: LOW_OF_SDKS },
  { suffix: ", in a thread", pairs: THREADS, high: HIGH_OF_THREADS, low: LOW_OF_THREADS },
];

/** How many times more of something a rival takes than we do; `NaN` where one was not measured. */
export function ratio(figures, { rival, ours }, of) {
  const [theirs, own] = [figures?.get(rival), figures?.get(ours)];
  return theirs === undefined || own === undefined ? Number.NaN : of(theirs) / of(own);
}

/** The rows of figures that should be high and were measured, with their values for all pairs. */
export function compare(results, { pairs, high }) {
  return high
    .map((row) => {
      const figures = results[row.step]?.[row.measure];
      const values = pairs.map((pair) =>
        ratio(figures, { rival: row.rival ?? pair.rival, ours: pair[row.ours ?? "ours"] }, row.of),
      );
      const own = figures?.get(pairs[0][row.ours ?? "ours"]);
      return { ...row, values, processes: own?.processes ?? 1 };
    })
    .filter(({ values }) => values.some(Number.isFinite));
}

/** The rows of figures that should be low and were measured, with their values for all pairs. */
export function bounds(results, { pairs, low }) {
  return low
    .map((row) => {
      const values = pairs.map((pair) => row.of(results, pair) ?? Number.NaN);
      return { ...row, goals: pairs.map(() => row.most), values };
    })
    .filter(({ values }) => values.some(Number.isFinite));
}

/** The steps that measure what `--check` guards. */
export const GUARDED_STEPS = [
  ...new Set(
    COMPARISONS.flatMap(({ high }) => high)
      .filter(({ isGuarded }) => isGuarded)
      .map(({ step }) => step),
  ),
];

/** The guarded figures that fall short, each with its step and as text; what cannot run here does not. */
export function missed(results) {
  return COMPARISONS.flatMap((comparison) =>
    compare(results, comparison)
      .filter(({ isGuarded }) => isGuarded)
      .flatMap((row) => shortfalls(row, comparison)),
  );
}

function shortfalls({ title, step, goals, values }, { pairs }) {
  return pairs.flatMap(({ rival, oldestNode }, index) => {
    const least = goals[index] * GUARDED_SHARE;
    const isSkipped = oldestNode !== undefined && Number.isNaN(values[index]);
    if (isSkipped || values[index] >= least) return [];
    const text = `${title}, over ${rival}: ${values[index].toFixed(2)}, at least ${least.toFixed(2)}`;
    return [{ figure: `${title}, ${rival}`, step, text }];
  });
}
