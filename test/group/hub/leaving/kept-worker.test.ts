import assert from "node:assert/strict";
import { test } from "node:test";
import { MergedFamilies } from "../../../../src/gatherers/remote/merged-families.ts";
import type { LayoutPiece } from "../../../../src/gatherers/remote/snapshot.ts";
import {
  applyLayout,
  applyNumbers,
  KeptWorker,
} from "../../../../src/group/hub/leaving/kept-worker.ts";
import { Ledger } from "../../../../src/group/ledger/ledger.ts";
import { ownWorkerId } from "../../../../src/group/worker-id.ts";
import { SETTINGS } from "../../../helpers/default-settings.ts";
import { withTempDir } from "../../../helpers/with-temp-dir.ts";

const skip = process.platform === "win32" && "needs unix files";

const SPLICES = [{ at: 0, removed: 0, rows: [[0, "/"]] as const }];
const SHAPES = [{ names: ["path"], bounds: [] }];

function whole(id: number, name: string): LayoutPiece {
  return [{ id, head: { name, help: "", type: "counter" }, shapes: SHAPES, splices: SPLICES }];
}

function numbersOf(...values: readonly number[]) {
  return {
    order: values.map((_, index) => index + 1),
    isPartial: false,
    numbers: new Float64Array(values),
  };
}

test("what a worker has given is kept while its layout changes", { skip }, () =>
  withTempDir(async (ledgerPath) => {
    const open = () =>
      new Ledger({
        folder: { ledgerPath, uid: process.geteuid?.() ?? 0 },
        key: "0123456789abcdef",
        seat: { check: async () => "ours", checkNow: () => "ours" },
        log: { error: assert.ifError, settled: () => {} },
      });
    const ledger = open();
    const merged = new MergedFamilies(SETTINGS);
    const mirror = merged.createMirror();
    const worker = {
      mirror,
      kept: new KeptWorker(ledger, { worker: ownWorkerId(), slot: 0 }, mirror),
    };
    const read = async () => {
      const next = open();
      const [found] = await next.read(() => new MergedFamilies(SETTINGS).createMirror());
      await next.close();
      return found?.mirror.takeNumbers()?.numbers;
    };

    // It was late, so that nothing was written between its first numbers and its next answer.
    applyLayout(worker, whole(1, "a_total"));
    applyNumbers(worker, numbersOf(6));
    applyLayout(worker, whole(2, "b_total"));
    await ledger.write(undefined);
    assert.deepEqual(await read(), new Float64Array([6]));

    applyNumbers(worker, numbersOf(7, 1));
    applyLayout(worker, whole(3, "c_total"));
    applyLayout(worker, whole(4, "d_total"));
    await ledger.write(undefined);
    assert.deepEqual(await read(), new Float64Array([7, 1]));
    await ledger.close();
  }),
);
