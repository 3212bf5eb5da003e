import assert from "node:assert/strict";
import { test } from "node:test";
import { workerTable } from "../../../src/page/markup/worker-table.ts";
import type { WorkerReport } from "../../../src/scrape/exchange.ts";

const UP: WorkerReport = {
  slot: 0,
  pid: 4_711,
  thread: 0,
  id: "",
  state: "up",
  answerSeconds: 0.0123,
  series: 1_234,
};

function rowsOf(...workers: readonly WorkerReport[]): readonly string[] {
  return workerTable(workers).markup.match(/<tr><td>.*<\/tr>/g) ?? [];
}

test("workerTable() is empty without a group", () => {
  assert.equal(workerTable([]).markup, "");
});

test("workerTable() shows slot, process, state, answer time and series", () => {
  assert.deepEqual(rowsOf(UP), [
    '<tr><td>0</td><th scope="row">4711</th><td>up</td><td>12 ms</td><td>1,234</td></tr>',
  ]);
});

test("workerTable() shows the thread, and the id of a process manager", () => {
  const [row] = rowsOf({ ...UP, thread: 2, id: "7" });
  assert.match(row ?? "", /<th scope="row">4711 <span>thread 2, id 7<\/span><\/th>/);
});

test("workerTable() escapes the id", () => {
  const [row] = rowsOf({ ...UP, id: "<b>\u202e" });
  assert.match(row ?? "", /<span>id &lt;b&gt;\\u\{202e\}<\/span>/);
});

test("workerTable() shows those that are missing first, and opens", () => {
  const late = { ...UP, slot: 3, state: "late", answerSeconds: 4 } as const;
  const failed = { ...UP, slot: 2, state: "failed", answerSeconds: undefined } as const;
  const { markup } = workerTable([UP, { ...UP, slot: 1 }, late, failed]);
  assert.match(markup, /^<details open><summary>Workers <span><strong>2 of 4 workers missing/);
  const slots = Array.from(markup.matchAll(/<tr><td>(\d+)</g), ([, slot]) => slot);
  assert.deepEqual(slots, ["2", "3", "0", "1"]);
  assert.match(markup, /<td><strong>failed<\/strong><\/td><td><\/td>/);
  assert.match(markup, /<td><strong>late<\/strong><\/td><td>4\.0 s<\/td>/);
});

test("workerTable() stays closed where all are up", () => {
  const { markup } = workerTable([UP]);
  assert.match(markup, /^<details><summary>Workers <span>1 worker, all up<\/span>/);
});

test("workerTable() is bounded", () => {
  const workers = Array.from({ length: 1_000 }, (_, slot) => ({ ...UP, slot }));
  assert.equal(rowsOf(...workers).length, 200);
  assert.match(workerTable(workers).markup, /<p>800 more are not shown\.<\/p>/);
});
