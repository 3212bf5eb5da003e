import { ScrapeTimeoutError } from "../errors.ts";

/** How long a scrape may take. */
export interface TimeoutOptions {
  readonly timeoutMs: number;
  readonly timeoutOffsetMs: number;
}

/**
 * Finds out how long a scrape may take: as long as the scraper waits, less the time that the answer
 * needs to reach it, and never longer than the option says.
 *
 * @param header `X-Prometheus-Scrape-Timeout-Seconds`, as sent by Prometheus and VictoriaMetrics.
 */
export function scrapeTimeoutMs(header: string | undefined, options: TimeoutOptions): number {
  const { timeoutMs, timeoutOffsetMs } = options;
  const scraperMs = Number(header) * 1_000;
  if (!Number.isFinite(scraperMs) || scraperMs <= 0) return timeoutMs;
  // A time-out shorter than the offset is used whole, as blackbox_exporter does.
  const usableMs = scraperMs > timeoutOffsetMs ? scraperMs - timeoutOffsetMs : scraperMs;
  return Math.min(timeoutMs, usableMs);
}

/** Why the signal aborts when the scrape is over and nothing was wrong. */
export const OVER: Error = new Error("The scrape is over");

/** The bounds of one scrape. */
export interface Deadline {
  /** Aborts when time is up, when the client has gone, and when the scrape is over. */
  readonly signal: AbortSignal;
  /** When the signal aborts at the latest, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** How long before that the clock was started. */
  readonly timeoutMs: number;
  /**
   * Throws the signal's reason when it has aborted, or should have: a busy event loop is late to
   * abort it.
   */
  throwIfOver(): void;
  /**
   * Must be called when the scrape is over, however it went: it lets go of all that is left. The
   * reason of the signal is then `OVER`, if it has not aborted before.
   */
  clear(): void;
}

/**
 * Starts the clock of a scrape.
 *
 * @param clientSignal Aborts when the client has gone.
 */
export function startDeadline(timeoutMs: number, clientSignal: AbortSignal): Deadline {
  const controller = new AbortController();
  const startedAt = performance.now();
  const onTimeout = () => controller.abort(new ScrapeTimeoutError(timeoutMs));
  const timer = setTimeout(onTimeout, timeoutMs);
  // The sockets keep the process alive, if anything of ours should.
  timer.unref();
  const onClientGone = () => controller.abort(clientSignal.reason);
  if (clientSignal.aborted) onClientGone();
  clientSignal.addEventListener("abort", onClientGone);
  return {
    signal: controller.signal,
    deadlineMs: Date.now() + timeoutMs,
    timeoutMs,
    throwIfOver() {
      if (performance.now() - startedAt >= timeoutMs) onTimeout();
      controller.signal.throwIfAborted();
    },
    clear() {
      clearTimeout(timer);
      clientSignal.removeEventListener("abort", onClientGone);
      // One reason for all: Node would make a new one, with its stack, each time.
      controller.abort(OVER);
    },
  };
}
