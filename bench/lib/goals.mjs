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

/** How many times less CPU of the main thread a scrape takes, by shape. */
export const CPU_GOALS = { S: [1.45, 1.2], S0: [2, 1.9], M: [6, 4.5], L: [10, 8.5], XL: [13, 10] };
const KEPT0_GOALS = { L: [2.4, 2.2], XL: [4, 2.6] };
const BLOCK_GOALS = { L: [40, 40], XL: [200, 200] };
const PEAK_GOALS = { L: [2, 2], XL: [3, 3] };

/**
 * Makes a row for each figure that has a goal: how many times better we are, for both libraries.
 *
 * @param results What `run.mjs` has measured, by case and shape.
 */
export function compare(results) {
  const rows = [];
  const add = (figure, goals, better) => {
    const ratios = LIBRARIES.map(better);
    if (ratios.some(Number.isFinite)) rows.push({ figure, goals, ratios });
  };
  const ratio = (figures, { rival, ours }, of = (figure) => figure) =>
    figures && of(figures.get(rival) ?? {}) / of(figures.get(ours) ?? {});

  for (const [shape, goals] of Object.entries(CPU_GOALS)) {
    const cost = results.cost?.[shape];
    add(`CPU of the main thread, ${shape}`, goals, (pair) => ratio(cost, pair, ({ main }) => main));
  }
  for (const [shape, goals] of Object.entries(KEPT0_GOALS)) {
    const cost = results.cost?.[shape];
    add(`the same with nothing kept, ${shape}`, goals, ({ rival, kept0 }) =>
      ratio(cost, { rival, ours: kept0 }, ({ main }) => main),
    );
  }
  add("CPU against the OpenTelemetry exporter, L", [15], ({ ours }) =>
    ratio(results.cost?.L, { rival: "OpenTelemetry exporter", ours }, ({ main }) => main),
  );
  for (const [shape, goals] of Object.entries(BLOCK_GOALS)) {
    add(`longest block, ${shape}`, goals, (pair) => ratio(results.block?.[shape], pair));
  }
  add("application's p99 while scraped, L", [40, 40], (pair) =>
    ratio(results.application, pair, ({ p99 }) => p99),
  );
  for (const [shape, goals] of Object.entries(PEAK_GOALS)) {
    add(`peak memory, ${shape}`, goals, (pair) => ratio(results.peak?.[shape], pair));
  }
  add("peak memory with nothing kept, XL", [8, 6], ({ rival, kept0 }) =>
    ratio(results.peak?.XL, { rival, ours: kept0 }),
  );
  add("CPU of 4 scrapers at once, L", [13, 13], (pair) =>
    ratio(results.four, pair, ({ main }) => main),
  );
  add(
    "process CPU with gzip against theirs without, L",
    [3.5, 3.5],
    ({ rival, ours }) => results.gzip && results.cost.L.get(rival).all / results.gzip.get(ours).all,
  );
  add("time to first byte, L", [40, 40], (pair) =>
    ratio(results.cost?.L, pair, ({ firstByte }) => firstByte),
  );
  add(
    "requests a second, 1,000 gauges",
    [3, 3],
    ({ rival, ours }) => results.rate && results.rate.get(ours) / results.rate.get(rival),
  );
  return rows;
}

/** Whether the figures that hold on any machine reach half of their goals. */
export function missedByHalf(results) {
  const guarded = /main thread, [ML]$|longest block, L$/;
  return compare(results).filter(
    ({ figure, goals, ratios }) =>
      guarded.test(figure) && ratios.some((ratio, index) => ratio < goals[index] / 2),
  );
}
