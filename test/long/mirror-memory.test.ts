import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MergedFamilies } from "../../src/gatherers/remote/merged-families.ts";
import { Sender } from "../../src/gatherers/remote/sender.ts";
import type { Snapshot } from "../../src/gatherers/remote/snapshot.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { takeSnapshot } from "../gatherers/remote/workers.ts";
import { SETTINGS } from "../helpers/default-settings.ts";

// A hub keeps of each worker numbers, and of all of them together one text for each label set.

const MEMBERS = 4;
const MAX_BYTES = 25e6;

/** A hundred thousand lines: half of them in histograms, as in the benchmarks. */
function largeFamilies(worker: number): MetricFamily[] {
  const labelsOf = (id: number) => ({ method: "GET", route: `/api/v1/items/${id}`, status: "200" });
  const upperBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
  const values = (name: string, type: "counter" | "gauge"): MetricFamily => ({
    name,
    help: "",
    type,
    metrics: Array.from({ length: 5_000 }, (_, id) => ({
      labels: labelsOf(id),
      value: id * worker,
    })),
  });
  const histograms = Array.from({ length: 3_570 }, (_, id) => ({
    labels: labelsOf(id),
    upperBounds,
    cumulativeCounts: upperBounds.map((_, bucket) => bucket),
    count: 20,
    sum: id / 7,
  }));
  return [
    ...Array.from({ length: 5 }, (_, index) => values(`c${index}_total`, "counter")),
    ...Array.from({ length: 5 }, (_, index) => values(`g${index}`, "gauge")),
    { name: "h", help: "", type: "histogram", metrics: histograms },
  ];
}

function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  for (let round = 0; round < 3; round++) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("a hub of four workers with 100,000 lines each holds at most 25 MB of them", () => {
  // As text, so that no label of a worker is held by the test.
  const sent = Array.from({ length: MEMBERS }, (_, worker) => {
    const { layout, ...rest } = takeSnapshot(new Sender(), largeFamilies(worker));
    return { texts: layout.map((piece) => JSON.stringify(piece)), rest };
  });
  const before = heldBytes();
  const merged = new MergedFamilies(SETTINGS);
  const workers = sent.map(({ texts, rest }, slot) => {
    const mirror = merged.createMirror();
    for (const text of texts) mirror.applyLayout(JSON.parse(text) as Snapshot["layout"][number]);
    mirror.applyNumbers(rest);
    return { mirror, slot, pid: slot, isMainThread: true, isCurrent: true };
  });
  const merge = () => {
    const steps = merged.merge(workers, { isRequested: () => true, report: assert.fail });
    let step = steps.next();
    while (!step.done) step = steps.next();
    return step.value;
  };
  assert.equal(merge().length, 11);
  const held = heldBytes() - before;
  assert.ok(held <= MAX_BYTES, `${held} bytes`);
  assert.equal(merge(), merge());
  assert.equal(sent.length, MEMBERS);
});
