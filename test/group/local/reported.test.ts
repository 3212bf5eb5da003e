import assert from "node:assert/strict";
import { test } from "node:test";
import { Reported } from "../../../src/group/local/reported.ts";

test("the first part that asks for a source reports it", () => {
  const source = {};
  const [first, second] = [new Reported("a"), new Reported("a")];
  assert.deepEqual(
    [first, second, first].map((part) => part.has(source)),
    [true, false, true],
  );
  assert.equal(second.has({}), true);
  assert.equal(new Reported("b").has(source), true);
});

test("when a part is closed, another reports its sources, with what is retained of them", () => {
  const source = {};
  const [first, second] = [new Reported("c"), new Reported("c")];
  assert.deepEqual([first.has(source), second.has(source)], [true, false]);
  const retained = { era: "e", layout: [], order: [], numbers: new Float64Array(0) };
  first.retain(source, retained);
  first.close();
  assert.deepEqual([first.has(source), second.has(source)], [false, true]);
  assert.equal(second.sources().get(source)?.retained, retained);
  assert.equal(new Reported("d").has(source), true);
});
