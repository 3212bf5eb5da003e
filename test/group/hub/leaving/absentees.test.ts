import assert from "node:assert/strict";
import { test } from "node:test";
import { MergedFamilies } from "../../../../src/gatherers/remote/merged-families.ts";
import { Absentees } from "../../../../src/group/hub/leaving/absentees.ts";
import { KeptWorker } from "../../../../src/group/hub/leaving/kept-worker.ts";
import { Slots } from "../../../../src/group/hub/slots.ts";
import type { LedgerEntry } from "../../../../src/group/ledger/ledger-entry.ts";
import { settingsOf } from "../hubs.ts";

test("a worker is dead when another process has its number, even if that cannot be looked up", () => {
  const merged = new MergedFamilies(settingsOf());
  const absentees = new Absentees(merged, new Slots());
  const ledger = { add: () => Object.create(null) as LedgerEntry, remove() {} };
  // That runs, whatever its start is.
  const pid = process.ppid;
  for (const [slot, worker] of [`${pid}-s100-0`, `${pid}-s200-0`, "1000000000-1-0"].entries()) {
    const mirror = merged.createMirror();
    absentees.add({ worker, slot, mirror, kept: new KeptWorker(ledger, { worker, slot }, mirror) });
  }
  assert.deepEqual([...absentees.dead([])], ["1000000000-1-0"]);
  const present = [`${pid}-s201-3`, "5-1-0"];
  assert.deepEqual([...absentees.dead(present)], [`${pid}-s100-0`, "1000000000-1-0"]);
});
