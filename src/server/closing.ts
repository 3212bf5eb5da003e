import type { ResolvedOptions } from "../options/options.ts";
import { unref } from "../timers.ts";

/** The way of a server from open to closed. */
export interface Closing {
  /** Whether it has begun: the server still works, but is not ready. */
  hasBegun(): boolean;
  /** Whether the server accepts nothing any more. */
  isDraining(): boolean;
  /** Begins, or ends the delay if it has begun. Resolves when the server is closed. */
  close(): Promise<void>;
  /** Does the same without a delay. */
  closeNow(): Promise<void>;
}

/**
 * Makes the way of a server from open to closed. The server says first that it is not ready, and
 * works on for `shutdownDelayMs`, so that load balancers can look elsewhere; then it drains.
 *
 * @param drain Stops accepting; resolves when the server is closed.
 */
export function createClosing(
  { shutdownDelayMs, unref: mayExit }: Pick<ResolvedOptions, "shutdownDelayMs" | "unref">,
  drain: () => Promise<void>,
): Closing {
  let closing: Promise<void> | undefined;
  let isDraining = false;
  let endDelay = (): void => {};

  const begin = async (delayMs: number): Promise<void> => {
    if (delayMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delayMs);
        if (mayExit) unref(timer);
        endDelay = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    isDraining = true;
    await drain();
  };
  const closeWithin = (delayMs: number): Promise<void> => {
    endDelay();
    closing ??= begin(delayMs);
    return closing;
  };
  return {
    hasBegun: () => closing !== undefined,
    isDraining: () => isDraining,
    close: () => closeWithin(shutdownDelayMs),
    closeNow: () => closeWithin(0),
  };
}
