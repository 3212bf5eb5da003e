import { setImmediate } from "node:timers/promises";
import { scaleWait } from "./wait-factor.ts";

/** Lets the event loop turn `count` times, so that all sockets that are ready are served. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

/** Resolves in the next turn of the event loop. */
export function tick(): Promise<void> {
  return turns(1);
}

const LIMIT_MS = scaleWait(60_000);

/** What happens at once has happened after these; a clock is waited for without turning. */
const BUSY_TURNS = 200;

// The real clock, even where a test stops it.
const { setTimeout } = globalThis;
const now = performance.now.bind(performance);

/** Lets the event loop turn until `isDone` says so, and fails when that takes too long. */
export async function turnsUntil(what: string, isDone: () => boolean): Promise<void> {
  const endsAt = now() + LIMIT_MS;
  for (let turn = 0; !isDone(); turn++) {
    if (now() > endsAt) throw new Error(`Hangs: ${what}`);
    if (turn < BUSY_TURNS) await setImmediate();
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
