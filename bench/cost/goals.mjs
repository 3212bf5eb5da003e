// How the figures of a run become ratios, and what was aimed at.

const PROM_CLIENT = {
  rival: "prom-client",
  ours: "promhttp on prom-client",
  kept0: "nothing kept, prom-client",
};
const PROMETHEUS_IO = {
  rival: "@prometheus-io/client",
  ours: "promhttp on @prometheus-io",
  kept0: "nothing kept, @prometheus-io",
};

/** Each library with its rival, ours, and ours that keeps nothing. */
export const LIBRARIES = [PROM_CLIENT, PROMETHEUS_IO];

// How many times better than the library's own `metrics()`, over prom-client and @prometheus-io.
/** CPU of the main thread, by shape. */
const CPU_GOALS = { S: [1.45, 1.2], S0: [2, 1.9], M: [6, 4.5], L: [10, 8.5], XL: [13, 10] };
const KEPT0_GOALS = { L: [2.4, 2.2], XL: [4, 2.6] };
const BLOCK_GOALS = { L: [40, 40], XL: [200, 200] };
const PEAK_GOALS = { L: [2, 2], XL: [3, 3] };

const itself = (figure) => figure;

/** The CPU of the main thread. */
export const main = (figure) => figure.main;

/** How many times more of something a rival takes than we do; `NaN` where one was not measured. */
export function ratio(figures, { rival, ours }, of = itself) {
  const [theirs, own] = [figures?.get(rival), figures?.get(ours)];
  return theirs === undefined || own === undefined ? Number.NaN : of(theirs) / of(own);
}

/**
 * Makes a row for each figure that should be high: how many times better we are, for both libraries.
 *
 * @param results What `run.mjs` has measured.
 */
export function compare(results) {
  const { cost = {}, block = {}, peak = {}, application, four, gzip, rate } = results;
  const rows = [];
  const add = (figure, goals, better) =>
    rows.push({ figure, goals, values: LIBRARIES.map(better) });

  for (const [shape, goals] of Object.entries(CPU_GOALS)) {
    add(`CPU of the main thread, ${shape}`, goals, (pair) => ratio(cost[shape], pair, main));
  }
  for (const [shape, goals] of Object.entries(KEPT0_GOALS)) {
    add(`the same with nothing kept, ${shape}`, goals, ({ rival, kept0 }) =>
      ratio(cost[shape], { rival, ours: kept0 }, main),
    );
  }
  add("CPU against the OpenTelemetry exporter, L", [15, 15], ({ ours }) =>
    ratio(cost.L, { rival: "OpenTelemetry exporter", ours }, main),
  );
  for (const [shape, goals] of Object.entries(BLOCK_GOALS)) {
    add(`longest block, ${shape}`, goals, (pair) => ratio(block[shape], pair));
  }
  add("application's p99 while scraped, L", [40, 40], (pair) =>
    ratio(application, pair, ({ p99 }) => p99),
  );
  for (const [shape, goals] of Object.entries(PEAK_GOALS)) {
    add(`peak memory, ${shape}`, goals, (pair) => ratio(peak[shape], pair));
  }
  add("peak memory with nothing kept, XL", [8, 6], ({ rival, kept0 }) =>
    ratio(peak.XL, { rival, ours: kept0 }),
  );
  add("CPU of 4 scrapers at once, L", [13, 13], (pair) => ratio(four, pair, main));
  add("process CPU with gzip against theirs without, L", [3.5, 3.5], ({ rival, ours }) =>
    gzip === undefined ? Number.NaN : cost.L.get(rival).all / gzip.get(ours).all,
  );
  add("time to first byte, L", [40, 40], (pair) =>
    ratio(cost.L, pair, ({ firstByte }) => firstByte),
  );
  add("requests a second, 1,000 gauges", [3, 3], (pair) => 1 / ratio(rate, pair));
  return rows.filter(({ values }) => values.some(Number.isFinite));
}

/** Makes a row for each figure that should be low, for both libraries. */
export function bounds(results) {
  const { block = {}, application, stalled, footprint } = results;
  const rows = [];
  const add = (figure, most, of) => {
    const values = LIBRARIES.map(({ rival, ours }) => of(ours, rival) ?? Number.NaN);
    if (values.some(Number.isFinite)) rows.push({ figure, goals: [most, most], values });
  };

  add(
    "longest block at XL, times that at L",
    3,
    (ours) => block.XL?.get(ours) / block.L?.get(ours),
  );
  add(
    "application's p99 while scraped, times that without, L",
    3,
    (ours) => application?.get(ours).p99 / application?.get("no scrapes").p99,
  );
  add("kept for 8 clients that never read, L, MB", 4, (ours) => stalled?.get(ours).kept);
  add("idle RSS above the client library, MB", 1, (ours) => footprint?.memory.get(ours).livedAbove);
  add("import after the client library, ms", 5, (_ours, rival) =>
    footprint?.load.get(`promhttp after ${rival}`),
  );
  add("package on disk, kB", 150, () => footprint?.installs.get("promhttp").kb);
  return rows;
}

/** Every rival of each of ours, with the library below. */
export const RIVALS = LIBRARIES.flatMap(({ rival: library, ours }) =>
  [library, "OpenTelemetry exporter", "@promster/server", "static bytes"].map((rival) => ({
    library,
    rival,
    ours,
  })),
);

/** The figures that hold on any machine and do not reach half of their goals, as text. */
export function missedByHalf(results) {
  const guarded = /main thread, [ML]$|longest block, L$/;
  return compare(results).flatMap(({ figure, goals, values }) =>
    LIBRARIES.flatMap(({ rival }, index) =>
      guarded.test(figure) && values[index] < goals[index] / 2 ? [`${figure}, over ${rival}`] : [],
    ),
  );
}
