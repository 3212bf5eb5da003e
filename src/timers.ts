/**
 * Timers for where the global ones are not Node's: in jsdom, which Jest offers, and in Electron's
 * renderer. There a timer is a number, and jsdom has no `setImmediate()`.
 */
import { nodeModule } from "./node.ts";

/** Lets the process exit while a timer is set, where the timer can do that. */
export function unref<T>(timer: T): T {
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** Calls `callback` in the next turn of the event loop, as `setImmediate()` does. */
export function callSoon(callback: () => void): void {
  // The types take it for granted.
  const { setImmediate: global } = globalThis as { setImmediate?: typeof setImmediate };
  (global ?? nodeModule("node:timers").setImmediate)(callback);
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise(callSoon);
}
