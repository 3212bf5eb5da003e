/** What a new hub takes over from the one before. */
import {
  type LastNumbersPlace,
  takeLastNumbers,
  workersWithLastNumbers,
} from "../ledger/last-numbers.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { isRunning } from "../worker-id.ts";
import type { Hub } from "./hub.ts";
import { KeptWorker } from "./kept-worker.ts";

/**
 * Takes over the counters of the workers that a former hub knew. Those whose process runs count on as they
 * stand until they join; those of the others are retained. It never rejects.
 *
 * @param isContinued Whether this process was in the group before.
 * @returns Whether there was a hub before, and any of its workers still runs.
 */
export async function inherit(
  hub: Hub,
  ledger: Ledger,
  place: LastNumbersPlace,
  isContinued: boolean,
): Promise<boolean> {
  const left = await ledger.read(() => hub.merged.createMirror(), isContinued);
  const last = new Set(lastNumbersIn(place));
  for (const { worker, slot, mirror, entry } of left) {
    const kept = new KeptWorker(ledger, { worker, slot }, mirror, entry);
    // It is not in the ledger that is written next before it is taken from the mirror.
    entry.take();
    if (isRunning(worker) && !last.has(worker)) {
      hub.absentees.add({ worker, slot, mirror, kept });
      continue;
    }
    last.delete(worker);
    await hub.retire({ mirror, kept }, await takeLast(place, worker));
  }
  for (const worker of last) {
    const snapshot = await takeLast(place, worker);
    // Without any worker that runs, the counters start anew.
    if (left.length === 0 || snapshot === undefined) continue;
    const mirror = hub.merged.createMirror();
    const kept = new KeptWorker(ledger, { worker, slot: 0 }, mirror);
    await hub.retire({ mirror, kept }, snapshot);
  }
  return left.length > 0;
}

function lastNumbersIn(place: LastNumbersPlace): readonly string[] {
  try {
    return workersWithLastNumbers(place);
  } catch {
    return [];
  }
}

async function takeLast(place: LastNumbersPlace, worker: string) {
  // The retained totals are of no worker.
  if (worker === "") return undefined;
  return takeLastNumbers(place, worker).catch(() => undefined);
}
