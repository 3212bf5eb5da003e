import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { listFamilies } from "../../../src/page/measure/list-families.ts";
import { gaugeOf } from "../../helpers/families.ts";

function list(families: readonly MetricFamily[]) {
  const failed: string[] = [];
  const steps = listFamilies(families, (name) => failed.push(name));
  for (let pauses = 0; ; pauses++) {
    const step = steps.next();
    if (!step.done) continue;
    const listed: unknown[] = JSON.parse(Buffer.concat([...step.value]).toString());
    return { listed, failed, pauses };
  }
}

test("listFamilies() lists names, types, help, sizes and labels", () => {
  const family = gaugeOf([{ labels: { a: 1, b: 2 }, value: 1 }], "g");
  assert.deepEqual(list([]).listed, []);
  assert.deepEqual(list([family]).listed, [["g", "gauge", family.help, 1, 1, ["a", "b"]]]);
});

test("listFamilies() lists all of very many, in steps", () => {
  const families = Array.from({ length: 30_000 }, (_, id) => gaugeOf([], `g${id}`));
  const { listed, pauses } = list(families);
  assert.equal(listed.length, 30_000);
  assert.ok(pauses > 30);
});

test("listFamilies() skips a family that throws, and cuts what is long", () => {
  const torn = gaugeOf(
    {
      [Symbol.iterator]() {
        throw new Error("torn");
      },
    },
    "torn",
  );
  const long = { ...gaugeOf([], "n".repeat(10_000)), help: "h".repeat(10_000) };
  const { listed, failed } = list([torn, long, gaugeOf([], "lone\ud800")]);
  assert.deepEqual(failed, ["torn"]);
  assert.deepEqual(listed, [
    ["n".repeat(201), "gauge", "h".repeat(301), 0, 0, []],
    ["lone\ud800", "gauge", gaugeOf([]).help, 0, 0, []],
  ]);
});
