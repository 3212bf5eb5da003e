import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryPressure } from "../../../src/exposition/kept/memory-pressure.ts";
import type { MemoryReading } from "../../../src/exposition/kept/read-memory.ts";

const MINUTE_MS = 60_000;

const PLENTY: MemoryReading = { heapUsed: 10, heapLimit: 100, rss: 10, rssLimit: 100 };

/** A process whose memory and clock are told what to say. */
function createProcess() {
  const state = { memory: PLENTY, now: 0, looks: 0 };
  const read = () => {
    state.looks++;
    return state.memory;
  };
  const pressure = new MemoryPressure(read, () => state.now);
  const look = (memory: Partial<MemoryReading>, afterMs = MINUTE_MS) => {
    state.now += afterMs;
    state.memory = { ...PLENTY, ...memory };
    return pressure.look();
  };
  return { state, pressure, look };
}

for (const { what, memory, expected } of [
  {
    what: "the heap is near its limit",
    memory: { heapUsed: 85 },
    expected: "the heap of V8 takes 85 % of its limit",
  },
  {
    what: "RSS is near the limit of the control group",
    memory: { rss: 96 },
    expected: "the memory of the process takes 96 % of its limit",
  },
  { what: "both have room", memory: { heapUsed: 84, rss: 84 }, expected: undefined },
  // What Node says without a control group, or in one without a limit.
  { what: "the limit is 0", memory: { rss: 1e9, rssLimit: 0 }, expected: undefined },
  {
    what: "the limit is undefined",
    memory: { rss: 1e9, rssLimit: undefined },
    expected: undefined,
  },
  { what: "the limit is 2 ** 64", memory: { rss: 1e9, rssLimit: 2 ** 64 }, expected: undefined },
  {
    what: "the limit of cgroup v1 is as large as it can be",
    memory: { rss: 1e9, rssLimit: 2 ** 63 - 4_096 },
    expected: undefined,
  },
]) {
  test(`MemoryPressure says ${expected === undefined ? "nothing" : "so"} when ${what}`, () => {
    const { pressure, look } = createProcess();
    assert.equal(look(memory), expected);
    assert.equal(pressure.isHigh, expected !== undefined);
  });
}

test("MemoryPressure looks at most once a second", () => {
  const { state, pressure, look } = createProcess();
  look({});
  assert.equal(look({ heapUsed: 95 }, 999), undefined);
  assert.deepEqual([state.looks, pressure.isHigh], [1, false]);
  assert.ok(look({ heapUsed: 95 }, 1));
  assert.deepEqual([state.looks, pressure.isHigh], [2, true]);
});

test("MemoryPressure ends when memory has not been short for five minutes", () => {
  const { pressure, look } = createProcess();
  look({ heapUsed: 95 });
  const isHighAfter = (heapUsed: number, minutes: number) => {
    assert.equal(look({ heapUsed }, minutes * MINUTE_MS), undefined);
    return pressure.isHigh;
  };
  assert.equal(isHighAfter(10, 4), true);
  // Between the two shares the five minutes begin anew.
  assert.equal(isHighAfter(75, 0.5), true);
  assert.equal(isHighAfter(74, 4.9), true);
  assert.equal(isHighAfter(74, 0.1), false);
});

test("MemoryPressure speaks once each time that memory gets short", () => {
  const { look } = createProcess();
  const said = [95, 95, 99, 10, 10, 10, 10, 10, 95, 95].map(
    (heapUsed) => look({ heapUsed }) !== undefined,
  );
  const [yes, no] = [true, false];
  assert.deepEqual(said, [yes, no, no, no, no, no, no, no, yes, no]);
});
