import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { originOf, showShort, showWhole, toField } from "../../src/log/shown-error.ts";

class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  readonly code = "EDB";
}

const VICIOUS = {
  get message(): string {
    throw new Error("no");
  },
  [inspect.custom]() {
    throw new Error("no");
  },
};

const SHORT: readonly [name: string, error: unknown, expected: string][] = [
  ["an error by name and message", new DatabaseError("down"), "DatabaseError: down"],
  ["an error without a message by its name", new TypeError(""), "TypeError"],
  ["an error of another realm", runInNewContext('new TypeError("far")'), "TypeError: far"],
  ["a message of several lines in one", new Error("a\n  b\r\nc"), "Error: a b c"],
  ["a long message shortened", new Error("x".repeat(1e6)), `Error: ${"x".repeat(300)}…`],
  ["a text in quotes", "because", "'because'"],
  ["an object as inspect does", { code: 5 }, "{ code: 5 }"],
  ["undefined", undefined, "undefined"],
  ["what cannot be shown", VICIOUS, "an error that cannot be shown"],
  [
    "the first of several errors, where they have no message together",
    new AggregateError([new Error("connect ECONNREFUSED ::1:5432"), new Error("other")]),
    "AggregateError: connect ECONNREFUSED ::1:5432",
  ],
  [
    "the code where there is nothing else",
    Object.assign(new Error(""), { code: "ECONNREFUSED" }),
    "Error: ECONNREFUSED",
  ],
];

for (const [name, error, expected] of SHORT) {
  test(`showShort() shows ${name}`, () => assert.equal(showShort(error), expected));
}

test("showWhole() shows the stack and the cause", () => {
  const text = showWhole(new Error("outer", { cause: new Error("inner") }));
  assert.match(text, /^Error: outer\n {4}at /);
  assert.match(text, /cause.*Error: inner/);
  assert.equal(showWhole(VICIOUS), "an error that cannot be shown");
});

test("originOf() is the same for errors of one place, whatever their message", () => {
  const make = (message: string) => new Error(message);
  assert.equal(originOf(make("took 5 ms")), originOf(make("took\nlonger")));
  assert.notEqual(originOf(make("a")), originOf(new Error("a")));
  assert.deepEqual([originOf("a"), originOf(undefined), originOf(VICIOUS)], ["", "", ""]);
});

test("toField() makes an error that JSON shows, with its stack and causes", () => {
  const error = new DatabaseError("down", { cause: new Error("refused") });
  const field = toField(error, true);
  assert.ok(field instanceof DatabaseError);
  assert.deepEqual(JSON.parse(JSON.stringify(field)), {
    name: "DatabaseError",
    message: "down",
    stack: error.stack,
    code: "EDB",
    cause: {
      name: "Error",
      message: "refused",
      stack: (error.cause as Error).stack,
    },
  });
});

test("toField() leaves stack and causes out", () => {
  const error = new DatabaseError("down", { cause: new Error("refused") });
  const json = JSON.stringify(toField(error, false));
  assert.equal(json, '{"name":"DatabaseError","message":"down","code":"EDB"}');
  assert.doesNotMatch(inspect(toField(error, false)), /\n {4}at |stack/);
});

test("toField() ends where causes are their own", () => {
  const error = new Error("round");
  error.cause = error;
  assert.equal(JSON.stringify(toField(error, true)).match(/"round"/g)?.length, 6);
});

for (const [name, error, message] of [
  ["a text", "because", "'because'"],
  ["undefined", undefined, "undefined"],
  ["what cannot be shown", VICIOUS, "an error that cannot be shown"],
] as const) {
  test(`toField() makes an error of ${name}`, () => {
    const field = toField(error, true) as Error;
    assert.ok(field instanceof Error);
    assert.equal(field.message, message);
  });
}
