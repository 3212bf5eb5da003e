// Scrapes as far apart as in life.
import { costOf, sampleInTurns, warmUp } from "./measure.mjs";
import { liveUnscraped } from "./measure-memory.mjs";
import { memoryOf } from "./target.mjs";

/**
 * Scrapes small and large targets in turns, one at a time: the cost of a scrape of the small ones,
 * whose code and memory have gone cold in between, and the peak memory of the large ones, whose
 * garbage V8 has had time to collect.
 *
 * At L the peak of prom-client is 68 MB of one scrape, 139 of nine and 201 of twenty (ours 6, 22 and
 * 22): only many scrapes, as far apart as in life, show what a user sees.
 *
 * @param options `rounds`, and `everyMs` between two scrapes of one target.
 */
export async function measurePaused(small, large, options) {
  for (const target of small) await warmUp(target);
  const idle = await liveUnscraped(large);
  const samples = await sampleInTurns(interleave(small, large), options);
  const cost = new Map(small.map((target) => [target.name, costOf(samples.get(target))]));
  return { cost, peak: peaksOf(large, idle) };
}

/** The peak memory of scrapes with pauses between them, in the same way. */
export async function measurePausedPeak(targets, options) {
  const idle = await liveUnscraped(targets);
  await sampleInTurns(targets, options);
  return peaksOf(targets, idle);
}

function peaksOf(targets, idle) {
  return new Map(
    targets.map((target) => [target.name, { peak: memoryOf(target).peak - idle.get(target) }]),
  );
}

/** Each small target after a large one, so that all find the caches in the same state. */
function interleave(small, large) {
  return large.flatMap((target, index) => [target, ...small.slice(index, index + 1)]);
}
