import { callSoon } from "../timers.ts";

/**
 * How long all scrapes together may hold the event loop before they yield, in milliseconds.
 * Measured at 100,000 lines: half of it costs 40 % more CPU; more than twice of it delays the
 * application's own requests noticeably.
 */
const SLICE_MS = 2;

/**
 * The age at which a slice gets an immediate that ends it, in milliseconds. Most scrapes are over
 * before that, and setting and running an immediate took 25 to 40 µs of each.
 */
const UNWATCHED_MS = SLICE_MS / 2;

/** A pause after which a new slice begins: the event loop has run meanwhile, or other code held it. */
const PAUSE_MS = 1;

let sliceStartedAt = Number.NEGATIVE_INFINITY;
/** Whether an immediate will end the slice. */
let isWatched = false;
let workedUntil = Number.NEGATIVE_INFINITY;
const waiting: (() => void)[] = [];

/**
 * Tells whether encoding may continue in this turn of the event loop.
 *
 * @param now The time, by `performance.now()`.
 */
export function hasTimeLeft(now: number): boolean {
  if (!isWatched && now - workedUntil > PAUSE_MS) sliceStartedAt = now;
  const age = now - sliceStartedAt;
  if (!isWatched && age > UNWATCHED_MS) watchSlice();
  workedUntil = now;
  return age < SLICE_MS;
}

/** Must be called when the work pauses, with the time by `performance.now()`. */
export function hasWorked(now: number): void {
  workedUntil = now;
}

/** Resolves in a later turn of the event loop; each turn resumes only one scrape. */
export function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

// Node runs every due immediate before it polls a socket again, so scrapes with a clock each would
// hold the loop for the sum of their slices. Hence one clock for all.
function watchSlice(): void {
  isWatched = true;
  callSoon(endSlice);
}

function endSlice(): void {
  isWatched = false;
  sliceStartedAt = performance.now();
  const next = waiting.shift();
  if (next === undefined) return;
  watchSlice();
  next();
}
