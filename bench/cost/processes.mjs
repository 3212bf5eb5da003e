// Starts what is measured, and makes one figure of those of several processes.
import { samplesOf, scrape } from "./scraper.mjs";
import { median } from "./stats.mjs";
import { startTarget } from "./target.mjs";

/** Starts targets, and stops them after `work`. */
export async function withTargets(names, shape, work, start = startTarget) {
  const targets = [];
  try {
    for (const name of names) targets.push(await start(name, shape));
    return await work(targets);
  } finally {
    for (const target of targets) await target.stop();
  }
}

/**
 * Measures in several processes of each target, one group of them after the other: two processes of
 * the same code can differ by half, by where their label sets lie in memory.
 *
 * @param groups The names of the targets in each group.
 * @param work Takes the targets of a group and its index, and gives figures: Maps by measure.
 * @returns For each measure and target the median over its processes.
 */
export async function inProcesses(groups, shape, work, start = startTarget) {
  const measured = [];
  for (const [index, names] of groups.entries()) {
    measured.push(await withTargets(names, shape, (targets) => work(targets, index), start));
  }
  const measures = Object.keys(measured[0]);
  return Object.fromEntries(
    measures.map((measure) => [measure, merge(measured.map((group) => group[measure]))]),
  );
}

function merge(maps) {
  const names = [...maps[0].keys()];
  return new Map(names.map((name) => [name, middle(maps.flatMap((map) => map.get(name) ?? []))]));
}

/** The median of each figure, with its range. */
function middle(figures) {
  const merged = { processes: figures.length, ranges: {} };
  for (const name of Object.keys(figures[0])) {
    const values = figures.map((figure) => figure[name]);
    merged[name] = median(values);
    merged.ranges[name] = [Math.min(...values), Math.max(...values)];
  }
  return merged;
}

/** Fails unless all targets, each of which must have been touched as often, serve the same samples. */
export async function checkSamples(targets) {
  let expected;
  for (const { name, port } of targets) {
    const { body } = await scrape(port, { wantsBody: true });
    const samples = samplesOf(body);
    expected ??= samples;
    const differs = samples.findIndex((sample, index) => !isSame(sample, expected[index]));
    if (samples.length !== expected.length || differs >= 0) {
      throw new Error(
        `${name} serves ${samples[differs]} for ${expected[differs]} (${samples.length} of ${expected.length})`,
      );
    }
  }
}

/** Whether two samples are the same, however their values were added up. */
function isSame(sample, expected = "") {
  const split = (text) => [text.slice(0, text.lastIndexOf(" ")), Number(text.split(" ").at(-1))];
  const [[name, value], [expectedName, expectedValue]] = [split(sample), split(expected)];
  const isClose = Math.abs(value - expectedValue) <= 1e-9 * Math.abs(expectedValue);
  return sample === expected || (name === expectedName && isClose);
}
