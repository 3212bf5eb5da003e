// Scrapes as far apart as in life.
import { costOf, sampleInTurns, warmUp } from "./measure.mjs";
import { liveUnscraped } from "./measure-memory.mjs";
import { memoryOf } from "./target.mjs";

/**
 * Scrapes small and large targets in turns, one at a time: the cost of a scrape of the small ones,
 * whose code and memory have gone cold in between, and the peak memory of the large ones, whose
 * garbage V8 has had time to collect.
 *
 * Of scrapes in a row at L prom-client peaks at 170 to 190 MB, of one scrape at 70, of nine that are
 * 15 seconds apart at 139 (and ours at 25, 6 and 22): only the last is what a user sees.
 *
 * @param options `rounds`, and `everyMs` between two scrapes of one target.
 */
export async function measurePaused(small, large, options) {
  for (const target of small) await warmUp(target);
  const idle = await liveUnscraped(large);
  const samples = await sampleInTurns(interleave(small, large), options);
  const named = (targets, figureOf) =>
    new Map(targets.map((target) => [target.name, figureOf(target)]));
  return {
    cost: named(small, (target) => costOf(samples.get(target))),
    peak: named(large, (target) => ({ peak: memoryOf(target).peak - idle.get(target) })),
  };
}

/** Each small target after a large one, so that all find the caches in the same state. */
function interleave(small, large) {
  return large.flatMap((target, index) => [target, ...small.slice(index, index + 1)]);
}
