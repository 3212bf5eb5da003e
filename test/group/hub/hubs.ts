import { MergedFamilies } from "../../../src/gatherers/remote/merged-families.ts";
import type { KeptWorker } from "../../../src/group/hub/leaving/kept-worker.ts";
import { Worker } from "../../../src/group/hub/worker.ts";
import { SETTINGS } from "../../helpers/default-settings.ts";

/** A worker, and the numbers of the questions that it was asked. */
export interface Joined {
  readonly worker: Worker;
  readonly asked: number[];
}

/** Workers without a hub, under a clock of their own. */
export function createHub(): { now: number; join(id: string): Joined } {
  const merged = new MergedFamilies(SETTINGS);
  let slot = 0;
  const hub = {
    now: 0,
    join(id: string): Joined {
      const asked: number[] = [];
      const facts = { worker: id, pid: 1, thread: 0, id: "", version: "0" };
      // What the ledger has of it does not matter here.
      const kept = {} as KeptWorker;
      const parts = { facts, slot: slot++, mirror: merged.createMirror(), kept };
      const worker = new Worker(
        parts,
        ({ n }) => asked.push(n),
        () => hub.now,
      );
      return { worker, asked };
    },
  };
  return hub;
}
