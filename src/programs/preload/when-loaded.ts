import { loadedClientLibraries } from "../client-libraries.ts";

/** How long the application has the process to itself. One that exits sooner pays nothing. */
export const DELAY_MS = 100;

/** When a process without a client library says so; looking for one goes on. */
const PATIENCE_MS = 3_000;

/** How long at most to wait before looking for a client library again. */
const MAX_WAIT_MS = 10_000;

/**
 * Waits until a client library is loaded. Each wait is twice as long as the one before, so all of them
 * together take as long as the next one.
 *
 * @param onDelay Called once if that takes longer than `PATIENCE_MS`.
 */
export function whenLoaded(
  onLoaded: () => void,
  onDelay?: () => void,
  waitMs: number = DELAY_MS,
): void {
  setTimeout(() => {
    if (loadedClientLibraries().size > 0) {
      onLoaded();
      return;
    }
    const isLong = 2 * waitMs >= PATIENCE_MS;
    if (isLong) onDelay?.();
    whenLoaded(onLoaded, isLong ? undefined : onDelay, Math.min(2 * waitMs, MAX_WAIT_MS));
  }, waitMs).unref();
}
