import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, type ServerOptions } from "../../src/index.ts";
import { readThread } from "../../src/options/late-rules.ts";
import { countingGatherer } from "../helpers/gatherers.ts";

const DEFAULTS = { maxAgeMs: Number.POSITIVE_INFINITY, stuckAfterMs: 30_000 };

for (const [thread, expected] of [
  [undefined, undefined],
  [false, undefined],
  [true, DEFAULTS],
  [{}, DEFAULTS],
  [{ maxAgeMs: 1 }, { ...DEFAULTS, maxAgeMs: 1 }],
  [{ stuckAfterMs: 0 }, { ...DEFAULTS, stuckAfterMs: 0 }],
] as const) {
  test(`readThread() fills in the defaults of ${JSON.stringify(thread)}`, () => {
    assert.deepEqual(readThread(thread), expected);
  });
}

for (const [thread, name, message] of [
  ["1", "TypeError", 'Option "thread" must be true, false or an object, got "1"'],
  [null, "TypeError", 'Option "thread" must be true, false or an object, got null'],
  [{ maxAgeMs: "1" }, "TypeError", /^Option "thread\.maxAgeMs" must be /],
  [{ maxAgeMs: 0 }, "RangeError", /^Option "thread\.maxAgeMs" must be /],
  [{ stuckAfterMs: -1 }, "RangeError", /^Option "thread\.stuckAfterMs" must be /],
  [{ stuckAfterMs: 2 ** 31 }, "RangeError", /^Option "thread\.stuckAfterMs" must be /],
  [{ maxAge: 1 }, "TypeError", /maxAge/],
] as const) {
  test(`a server refuses the option thread: ${JSON.stringify(thread)}`, async () => {
    // Cast: JavaScript has no types.
    const options = { thread } as unknown as ServerOptions;
    const listening = Server.listen(countingGatherer(), "127.0.0.1:0", options);
    const closed = listening.then((server) => server.close());
    await assert.rejects(closed, { name, message });
  });
}
