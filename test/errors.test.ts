import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GatherError,
  ListenError,
  MetricsError,
  messageOf,
  ScrapeTimeoutError,
} from "../src/errors.ts";

test("every error has a code, a name and the base class", () => {
  const errors = [
    new ListenError(":9464", new Error("no")),
    new GatherError("Collectors failed: a", [new Error("down")]),
    new ScrapeTimeoutError(100),
  ];
  assert.deepEqual(
    errors.map((error) => [error instanceof MetricsError, error.name, error.code, error.message]),
    [
      [true, "ListenError", "ERR_PROMHTTP_LISTEN", 'Cannot listen on ":9464": no'],
      [true, "GatherError", "ERR_PROMHTTP_GATHER", "Collectors failed: a"],
      [
        true,
        "ScrapeTimeoutError",
        "ERR_PROMHTTP_SCRAPE_TIMEOUT",
        "The scrape took longer than 100 ms",
      ],
    ],
  );
});

test("MetricsError keeps its cause", () => {
  const cause = new Error("inner");
  assert.equal(new MetricsError("ERR", "outer", { cause }).cause, cause);
  assert.equal(new MetricsError("ERR", "outer").cause, undefined);
});

test("GatherError has all errors, and the first as its cause", () => {
  const errors = [new Error("a"), "b"];
  const error = new GatherError("m", errors);
  assert.equal(error.errors, errors);
  assert.equal(error.cause, errors[0]);
});

const CAUSES: readonly { cause: unknown; reason: string }[] = [
  { cause: { code: "EADDRINUSE" }, reason: "address already in use" },
  { cause: { code: "EADDRNOTAVAIL" }, reason: "address not available" },
  { cause: { code: "EACCES" }, reason: "permission denied" },
  { cause: { code: "ENOENT" }, reason: "no such directory" },
  { cause: { code: "ENOTFOUND" }, reason: "host not found" },
  { cause: Object.assign(new Error("odd"), { code: "EODD" }), reason: "odd" },
  { cause: Object.assign(new Error("odd"), { code: 7 }), reason: "odd" },
  { cause: "text", reason: "text" },
  { cause: undefined, reason: "undefined" },
];

for (const { cause, reason } of CAUSES) {
  test(`ListenError says "${reason}" for ${JSON.stringify(cause)}`, () => {
    const error = new ListenError("unix:/run/app.sock", cause);
    assert.equal(error.message, `Cannot listen on "unix:/run/app.sock": ${reason}`);
    assert.equal(error.address, "unix:/run/app.sock");
    assert.equal(error.cause, cause);
  });
}

test("messageOf() has a message for anything that may be thrown", () => {
  const thrown = [new Error("a"), new TypeError(""), "b", 7, null, undefined, Symbol("c")];
  assert.deepEqual(thrown.map(messageOf), ["a", "", "b", "7", "null", "undefined", "Symbol(c)"]);
});
