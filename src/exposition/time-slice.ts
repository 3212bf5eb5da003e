/**
 * How long all scrapes together may hold the event loop before they give it back, in milliseconds.
 * Measured at 100,000 lines: half of it costs 40 % more CPU, more than twice of it is felt by the
 * application's own requests.
 */
const SLICE_MS = 2;

/**
 * The age from which on a turn is ended by an immediate, in milliseconds. Most scrapes are over
 * before that, and to set an immediate and run it took 25 to 40 µs of each.
 */
const UNWATCHED_MS = SLICE_MS / 2;

/** The pause after which the event loop must have had its turn, or was held by somebody else. */
const PAUSE_MS = 1;

let sliceStartedAt = Number.NEGATIVE_INFINITY;
/** Whether an immediate will end the turn. */
let isWatched = false;
let workedUntil = Number.NEGATIVE_INFINITY;
const waiting: (() => void)[] = [];

/**
 * Tells whether encoding may go on in this turn of the event loop.
 *
 * @param now What `performance.now()` says.
 */
export function hasTimeLeft(now: number): boolean {
  if (!isWatched && now - workedUntil > PAUSE_MS) sliceStartedAt = now;
  const age = now - sliceStartedAt;
  if (!isWatched && age > UNWATCHED_MS) watchSlice();
  workedUntil = now;
  return age < SLICE_MS;
}

/** Must be called when the work is interrupted, with the time of that. */
export function hasWorked(now: number): void {
  workedUntil = now;
}

/** Resolves in a later turn of the event loop, each time for one scrape alone. */
export function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

// One clock for all: Node runs every due immediate before it looks at a socket again, so scrapes
// that each counted for themselves would hold the loop for the sum of their slices.
function watchSlice(): void {
  isWatched = true;
  setImmediate(endSlice);
}

function endSlice(): void {
  isWatched = false;
  sliceStartedAt = performance.now();
  const next = waiting.shift();
  if (next === undefined) return;
  watchSlice();
  next();
}
