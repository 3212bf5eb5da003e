import { setImmediate } from "node:timers/promises";

/** Lets the event loop turn `count` times, so that all sockets that are ready are served. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

const LIMIT_MS = 10_000;

/** Lets the event loop turn until `isDone` says so, and fails when that takes too long. */
export async function turnsUntil(what: string, isDone: () => boolean): Promise<void> {
  const endsAt = performance.now() + LIMIT_MS;
  while (!isDone()) {
    if (performance.now() > endsAt) throw new Error(`Hangs: ${what}`);
    await setImmediate();
  }
}
