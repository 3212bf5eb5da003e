import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Alarm } from "../../src/scrape/alarm.ts";
import { mockClock } from "../helpers/mock-clock.ts";

/** An alarm, a clock, and what was called so far. */
function create(t: TestContext) {
  const clock = mockClock(t);
  const alarm = new Alarm();
  const called: string[] = [];
  const remind = (name: string, inMs: number, onDue = () => {}) => {
    const due = {
      dueAt: performance.now() + inMs,
      onDue() {
        called.push(name);
        onDue();
      },
    };
    alarm.schedule(due, performance.now());
    return due;
  };
  const timers = t.mock.method(globalThis, "setTimeout");
  return { alarm, clock, called, remind, timers };
}

test("Alarm calls each at its time, in whatever order they were scheduled", (t) => {
  const { clock, called, remind } = create(t);
  remind("late", 30);
  remind("early", 10);
  remind("middle", 20);
  clock.tick(9);
  assert.deepEqual(called, []);
  for (const expected of [["early"], ["early", "middle"], ["early", "middle", "late"]]) {
    clock.tick(10);
    assert.deepEqual(called, expected);
  }
});

test("Alarm calls all that are due at once, and each only once", (t) => {
  const { clock, called, remind } = create(t);
  remind("a", 10);
  remind("b", 5);
  clock.tick(100);
  clock.tick(100);
  assert.deepEqual(called, ["a", "b"]);
});

test("Alarm does not call what is cancelled, even by a call just before", (t) => {
  const { alarm, clock, called, remind } = create(t);
  const forgotten = remind("forgotten", 5);
  const first = remind("first", 10, () => alarm.cancel(second));
  const second = remind("second", 10);
  alarm.cancel(forgotten);
  clock.tick(10);
  assert.deepEqual(called, ["first"]);
  alarm.cancel(first);
});

test("Alarm sets one timer for any number that are cancelled in time", (t) => {
  const { alarm, clock, called, remind, timers } = create(t);
  for (let index = 0; index < 100; index++) {
    alarm.cancel(remind("forgotten", 30));
    clock.tick(0.1);
  }
  remind("last", 30);
  assert.equal(timers.mock.callCount(), 1);
  clock.tick(30);
  assert.deepEqual(called, ["last"]);
});

test("Alarm calls the others when one throws", (t) => {
  const { clock, called, remind } = create(t);
  remind("broken", 10, () => {
    throw new Error("broken");
  });
  remind("later", 20);
  assert.throws(() => clock.tick(10), { message: "broken" });
  clock.tick(10);
  assert.deepEqual(called, ["broken", "later"]);
});

test("Alarm calls again what is scheduled again", (t) => {
  const { clock, called, remind } = create(t);
  remind("a", 10, () => remind("b", 10));
  clock.tick(10);
  clock.tick(10);
  assert.deepEqual(called, ["a", "b"]);
});

test("close() clears the timer only when nothing is scheduled", (t) => {
  const { alarm, clock, called, remind } = create(t);
  const clear = t.mock.method(globalThis, "clearTimeout");
  const clears = () => {
    const count = clear.mock.callCount();
    clear.mock.resetCalls();
    return count;
  };
  const due = remind("a", 10);
  clears();
  alarm.close();
  assert.equal(clears(), 0);
  alarm.cancel(due);
  assert.equal(clears(), 1);
  remind("b", 20);
  clock.tick(20);
  assert.deepEqual(called, ["b"]);
});

test("Alarm calls what is due although its timer was lost", (t) => {
  const { clock, called, remind, timers } = create(t);
  const lost = () => ({ unref: () => ({}) });
  // The type of `setTimeout` has members that nobody uses here.
  timers.mock.mockImplementationOnce(lost as unknown as typeof setTimeout);
  remind("a", 10);
  clock.tick(20);
  assert.deepEqual(called, []);
  remind("b", 10);
  assert.deepEqual(called, ["a"]);
  clock.tick(10);
  assert.deepEqual(called, ["a", "b"]);
});

test("Alarm does not keep the process alive", () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const alarm = new Alarm();
  const due = { dueAt: performance.now() + 10_000, onDue() {} };
  alarm.schedule(due, performance.now());
  assert.equal(timers(), before);
  alarm.cancel(due);
  alarm.close();
});
