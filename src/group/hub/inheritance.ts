import { inSlices } from "../../scrape/slices.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Hub } from "./hub.ts";
import { KeptWorker } from "./leaving/kept-worker.ts";
import type { LeftNumbers } from "./leaving/left-numbers.ts";

/**
 * Takes over the counters of the workers that a former hub knew. Those whose process runs count on as they
 * stand until they join; those of the others are retained. It never rejects.
 *
 * @param era Which totals the hub of this process retained before; `undefined` if it was not in the group.
 * @returns Whether there was a hub before, and any of its workers still runs.
 */
export async function inherit(
  hub: Hub,
  ledger: Ledger,
  left: LeftNumbers,
  era: string | undefined,
): Promise<boolean> {
  const records = await ledger.read(() => hub.merged.createMirror(), era);
  for (const { worker, slot, mirror, entry } of records) {
    const kept = new KeptWorker(ledger, { worker, slot }, mirror, entry);
    // Otherwise the ledger that is written next would lack its numbers.
    entry.take();
    if (worker !== "") hub.absentees.add({ worker, slot, mirror, kept });
    else {
      hub.merged.retire(mirror);
      kept.remove();
    }
  }
  // What the scrapers have seen last.
  await hub.turns.take(() => inSlices(hub.mergeSilently()));
  // Without any worker that runs, the counters start anew.
  if (!ledger.isContinued) for (const worker of left.workers()) left.remove(worker);
  await hub.departures.settle();
  return ledger.isContinued;
}
