import assert from "node:assert/strict";
import { test } from "node:test";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import { MirroredFamilies } from "../../../src/gatherers/remote/mirrored-families.ts";
import { ProtocolError } from "../../../src/gatherers/remote/protocol-error.ts";
import { Sender } from "../../../src/gatherers/remote/sender.ts";
import type { Snapshot } from "../../../src/gatherers/remote/snapshot.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { gaugeOf } from "../../helpers/families.ts";
import { encodeFamilies } from "../../helpers/scraping/encode-families.ts";

function endOf<T>(steps: Iterator<unknown, T, undefined>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function textOf(families: readonly MetricFamily[]): string {
  return encodeFamilies(createTextEncoder("underscores"), families).body;
}

const ONE = { labels: { x: "1" }, value: 1 };
const A = gaugeOf([ONE], "a");
const B = gaugeOf([{ labels: {}, value: 2 }], "b");

function createPair() {
  const sender = new Sender();
  const mirrored = new MirroredFamilies();
  const take = (families: readonly MetricFamily[], isPartial = false): Snapshot =>
    endOf(sender.take(families, { isPartial, report: () => {} }));
  const pass = (...args: Parameters<typeof take>) => endOf(mirrored.apply(take(...args)));
  return { mirrored, take, pass };
}

test("MirroredFamilies returns the families of a snapshot, in its order, with no label added", () => {
  const { pass } = createPair();
  assert.equal(textOf(pass([B, A])), textOf([B, A]));
  assert.equal(textOf(pass([A, B])), textOf([A, B]));
});

test("MirroredFamilies keeps the same family objects while only numbers and label sets change", () => {
  const { pass } = createPair();
  const [before] = pass([A]);
  const next = gaugeOf([ONE, { labels: { x: "2" }, value: 5 }], "a");
  const [after] = pass([next]);
  assert.equal(after, before);
  assert.equal(textOf([after ?? assert.fail()]), textOf([next]));
});

test("a partial snapshot gives only its families, and leaves the others as they are", () => {
  const { mirrored, pass } = createPair();
  const all = pass([A, B]);
  const [changed] = pass([gaugeOf([{ labels: {}, value: 3 }], "b")], true);
  assert.equal(changed, all[1]);
  assert.equal(mirrored.current(all), all);
  assert.match(textOf(all), /a\{x="1"\} 1\n.*\nb 3\n/s);
});

test("current() leaves out families that are gone, and finds those that took their place", () => {
  const { mirrored, pass } = createPair();
  const all = pass([A, B]);
  const other = { ...B, help: "Another." };
  const [fresh] = pass([other]);
  assert.deepEqual(mirrored.current(all), [fresh]);
  assert.equal(textOf(mirrored.current(all)), textOf([other]));
});

test("MirroredFamilies pauses after each piece of a layout", () => {
  const { mirrored, take } = createPair();
  const metrics = Array.from({ length: 5_000 }, (_, at) => ({ labels: { x: `${at}` }, value: at }));
  const snapshot = take([gaugeOf(metrics, "a")]);
  assert.ok(snapshot.layout.length > 1);
  let pauses = 0;
  const steps = mirrored.apply(snapshot);
  while (!steps.next().done) pauses++;
  assert.equal(pauses, snapshot.layout.length);
});

test("MirroredFamilies refuses what is not as the protocol says", () => {
  const { mirrored, take } = createPair();
  const snapshot = take([A]);
  const numbers = new Float64Array(9);
  assert.throws(() => endOf(mirrored.apply({ ...snapshot, numbers })), ProtocolError);
});
