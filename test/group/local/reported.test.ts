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

test("when a part is closed, only later ones report its sources", () => {
  const source = {};
  const [first, second] = [new Reported("c"), new Reported("c")];
  assert.equal(first.has(source), true);
  first.close();
  assert.equal(second.has(source), false);
  assert.equal(first.has(source), true);
  assert.equal(new Reported("c").has(source), true);
});
