import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asked, LastAnswers } from "../../../../src/server/thread/serving/last-answers.ts";
import { UP_FAMILY } from "../../../helpers/families.ts";

const ALL: Asked = { names: undefined, pickedSources: undefined, params: {} };
const named = (...names: string[]): Asked => ({ ...ALL, names });
const picked = (...sources: string[]): Asked => ({ ...ALL, pickedSources: new Set(sources) });

const gathered = (readAtMs: number) => ({
  ...{ families: [UP_FAMILY], durations: [], faults: [], readAtMs },
});

test("LastAnswers finds what was remembered for the same names and sources", () => {
  const last = new LastAnswers();
  for (const [at, asked] of [ALL, named("a"), picked("x"), picked("x", "y")].entries()) {
    assert.equal(last.of(asked)?.readAtMs === at + 1, false);
    last.remember(asked, gathered(at + 1));
    assert.equal(last.of(asked)?.readAtMs, at + 1);
  }
  assert.equal(last.of(picked("y")), undefined);
});

test("an answer to everything is good for any names, unless one to these is newer", () => {
  const last = new LastAnswers();
  last.remember(ALL, gathered(1));
  assert.equal(last.of(named("a"))?.readAtMs, 1);
  last.remember(named("a"), gathered(2));
  assert.equal(last.of(named("a"))?.readAtMs, 2);
  last.remember(ALL, gathered(3));
  assert.equal(last.of(named("a"))?.readAtMs, 3);
  assert.equal(last.of(picked("x")), undefined);
});

test("LastAnswers remembers no answer to values that a client has chosen", () => {
  const last = new LastAnswers();
  const asked = { ...ALL, params: { target: "a" } };
  last.remember(asked, gathered(1));
  last.remember(ALL, gathered(1));
  assert.equal(last.of(asked), undefined);
});

test("LastAnswers keeps 16 selections, those that were asked for last, and always everything", () => {
  const last = new LastAnswers();
  last.remember(ALL, gathered(1));
  for (let at = 0; at < 17; at++) {
    last.remember(picked("x"), gathered(2));
    last.remember(picked(`${at}`), gathered(2));
  }
  assert.ok(last.of(ALL));
  assert.ok(last.of(picked("x")));
  assert.ok(last.of(picked("16")));
  assert.equal(last.of(picked("0")), undefined);
  assert.equal(last.of(picked("1")), undefined);
  assert.ok(last.of(picked("2")));
});

test("the list of families stays the same object as long as they do", () => {
  const last = new LastAnswers();
  const { families } = last.remember(ALL, gathered(1));
  assert.equal(last.remember(ALL, gathered(2)).families, families);
  const other = { ...gathered(3), families: [] };
  assert.equal(last.remember(ALL, other).families, other.families);
});
