import assert from "node:assert/strict";
import { test } from "node:test";
import {
  quoted,
  readHave,
  readHello,
  readNumbers,
  readWant,
  readWelcome,
} from "../../src/group/messages.ts";

const HELLO = {
  ...{ type: "hello", protocol: 1, worker: "1-2-0", pid: 1, thread: 0 },
  ...{ id: "3", version: "0.1.0", slot: 4, canListen: true, hasMetrics: true },
};

test("readHello() returns what a worker says, and nothing else", () => {
  assert.deepEqual(readHello({ ...HELLO, more: 1 }), HELLO);
  assert.equal(readHello({ ...HELLO, slot: undefined }).slot, undefined);
});

const WRONG: readonly Record<string, unknown>[] = [
  { type: "have" },
  { pid: -1 },
  { pid: 1.5 },
  { pid: "1" },
  { thread: null },
  { slot: 1e12 },
  { worker: "x".repeat(301) },
  { id: 3 },
  { version: undefined },
  { protocol: undefined },
];

for (const wrong of WRONG) {
  test(`readHello() rejects ${JSON.stringify(wrong).slice(0, 40)}`, () => {
    assert.throws(() => readHello({ ...HELLO, ...wrong }), { name: "ProtocolError" });
  });
}

test("readHave() bounds the failures that are told", () => {
  const error = { collector: "queue", message: "broken", durationMs: 3 };
  assert.deepEqual(readHave({ n: 1, isGiven: true, isFailing: false, errors: [error] }), {
    ...{ type: "have", n: 1, isGiven: true, isLate: false, isFailing: false },
    errors: [error],
  });
  for (const errors of [undefined, "x", [{}], Array(101).fill(error), [{ ...error, message: 1 }]]) {
    assert.throws(() => readHave({ n: 1, errors }), { name: "ProtocolError" });
  }
});

test("readNumbers() reads doubles, in the order of the last message if none is given", () => {
  const body = new Uint8Array(new Float64Array([1, Number.NaN]).buffer);
  const { order, numbers, isPartial } = readNumbers({ order: [3, 5] }, body, []);
  assert.deepEqual([order, [...numbers], isPartial], [[3, 5], [1, Number.NaN], false]);
  assert.deepEqual(readNumbers({ isPartial: true }, undefined, [7]), {
    ...{ order: [7], isPartial: true, numbers: new Float64Array(0) },
  });
  assert.throws(() => readNumbers({}, body.slice(1), []), { name: "ProtocolError" });
  assert.throws(() => readNumbers({ order: ["a"] }, body, []), { name: "ProtocolError" });
});

test("readWant() reads a question, with names and without", () => {
  assert.deepEqual(readWant({ n: 1, deadlineMs: 5 }), {
    ...{ type: "want", n: 1, deadlineMs: 5, names: undefined },
  });
  assert.deepEqual(readWant({ n: 1, deadlineMs: 5, names: ["a"] }).names, ["a"]);
  assert.throws(() => readWant({ n: 1 }), { name: "ProtocolError" });
  assert.throws(() => readWant({ n: 1, deadlineMs: 5, names: Array(1_025).fill("a") }), {
    name: "ProtocolError",
  });
});

test("readWelcome() reads who the hub is, and where it answers, if it does", () => {
  const place = { address: "/run/x.sock", url: "unix:/run/x.sock" };
  const head = { slot: 1, pid: 2, name: "shop", era: "e" };
  assert.deepEqual(readWelcome({ ...head, place }), { type: "welcome", ...head, place });
  assert.equal(readWelcome(head).place, undefined);
  assert.equal(readWelcome({ ...head, place: { url: 1 } }).place, undefined);
  assert.throws(() => readWelcome({ ...head, name: 1 }), { name: "ProtocolError" });
  assert.throws(() => readWelcome({ ...head, era: undefined }), { name: "ProtocolError" });
});

test("quoted() leaves no character that a terminal would obey, and bounds the text", () => {
  const text = quoted('a\n\u001b[31m\u009b\u202e"\u2028');
  assert.equal(text, '"a\\n\\u001b[31m\\u009b\\u202e\\"\\u2028"');
  assert.equal(quoted("x".repeat(1_000)).length, 302);
});
