import assert from "node:assert/strict";
import { test } from "node:test";
import { withinLimit } from "../../src/exposition/expose.ts";
import type { BodyLimit } from "../../src/options/options.ts";
import { createChunks, fail } from "./chunks.ts";

/** Reads chunks within a limit to their end. */
function read(steps: readonly (string | (() => void))[], limit: BodyLimit) {
  const { chunks, state } = createChunks(steps);
  const messages: string[] = [];
  const texts: string[] = [];
  let error: unknown;
  try {
    for (const chunk of withinLimit(chunks, limit, (message) => messages.push(message))) {
      texts.push(Buffer.from(chunk).toString());
    }
  } catch (thrown) {
    error = thrown;
  }
  return { texts, messages, error, isOver: state.isOver };
}

for (const action of ["warn", "fail"] as const) {
  test(`withinLimit() passes on a body of just the limit, pauses and all (${action})`, () => {
    assert.deepEqual(read(["ab", "", "c"], { bytes: 3, action }), {
      texts: ["ab", "", "c"],
      messages: [],
      error: undefined,
      isOver: true,
    });
  });
}

test("withinLimit() says once that a body is larger, and passes it on", () => {
  assert.deepEqual(read(["ab", "cd", "ef"], { bytes: 3, action: "warn" }), {
    texts: ["ab", "cd", "ef"],
    messages: ["A scrape gave more than 3 bytes"],
    error: undefined,
    isOver: true,
  });
});

test("withinLimit() fails before the chunk that is too much, and closes the encoder", () => {
  assert.deepEqual(read(["ab", "cd", "ef"], { bytes: 3, action: "fail" }), {
    texts: ["ab"],
    messages: ["A scrape gave more than 3 bytes"],
    error: new RangeError("A scrape gave more than 3 bytes"),
    isOver: true,
  });
});

test("withinLimit() counts bytes, not characters", () => {
  assert.equal(read(["ä"], { bytes: 1, action: "warn" }).messages.length, 1);
});

test("withinLimit() throws what the encoder throws", () => {
  const { texts, error } = read(["a", fail], { bytes: 3, action: "warn" });
  assert.deepEqual([texts, error], [["a"], new Error("broken")]);
});

test("withinLimit() closes the encoder when it is closed itself", () => {
  const { chunks, state } = createChunks(["a", "b"]);
  const bounded = withinLimit(chunks, { bytes: 9, action: "warn" }, assert.fail);
  bounded.next();
  bounded.return();
  assert.equal(state.isOver, true);
});

test("withinLimit() takes an iterator that cannot be closed", () => {
  const chunks = { next: () => ({ done: true, value: undefined }) as const };
  assert.deepEqual([...withinLimit(chunks, { bytes: 9, action: "fail" }, assert.fail)], []);
});
