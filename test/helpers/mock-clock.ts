import type { TestContext } from "node:test";
import { tick } from "./turns.ts";

/** A clock that a test moves. */
export interface MockClock {
  /** Moves on, and fires the timers that are then due. */
  tick(ms: number): void;
}

/** Stops `setTimeout`, `performance.now()` and, from `nowMs` on, `Date` until the test moves on. */
export function mockClock(t: TestContext, nowMs?: number): MockClock {
  if (nowMs === undefined) t.mock.timers.enable({ apis: ["setTimeout"] });
  else t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: nowMs });
  // A whole number, so that a sum is what it says.
  let ms = Math.ceil(performance.now());
  t.mock.method(performance, "now", () => ms);
  return {
    tick(by) {
      ms += by;
      t.mock.timers.tick(by);
    },
  };
}

/** Lets a tenth of a second pass at each turn, until a promise settles. */
export async function passUntil<T>(clock: MockClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  while (!isSettled) {
    clock.tick(100);
    await tick();
  }
  return promise;
}
