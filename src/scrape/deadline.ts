import { LightSignal, OVER, type Signal } from "../abort.ts";
import { ScrapeTimeoutError } from "../errors.ts";
import type { ResolvedOptions } from "../options/options.ts";
import type { Alarm, Due } from "./alarm.ts";

/**
 * Finds out how long a scrape may take: as long as the scraper waits, less the time that the answer
 * needs to reach it, and never longer than the option says.
 *
 * @param header `X-Prometheus-Scrape-Timeout-Seconds`, as sent by Prometheus and VictoriaMetrics.
 */
export function scrapeTimeoutMs(
  header: string | undefined,
  options: Pick<ResolvedOptions, "timeoutMs" | "timeoutOffsetMs">,
): number {
  const { timeoutMs, timeoutOffsetMs } = options;
  const scraperMs = Number(header) * 1_000;
  if (!Number.isFinite(scraperMs) || scraperMs <= 0) return timeoutMs;
  // A time-out shorter than the offset is used whole, as blackbox_exporter does.
  const usableMs = scraperMs > timeoutOffsetMs ? scraperMs - timeoutOffsetMs : scraperMs;
  return Math.min(timeoutMs, usableMs);
}

/** The bounds of one scrape. */
export interface Deadline {
  /** Aborts when time is up, when the client has gone, and when the scrape is over. */
  readonly signal: Signal;
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
   * Must be called when the scrape is over, however it went: it releases all that is left. The
   * reason of the signal is then `OVER`, if it has not aborted before.
   */
  clear(): void;
}

/**
 * Starts the clock of a scrape.
 *
 * @param client Aborts when the client has gone.
 * @param alarm Tells when time is up.
 */
export function startDeadline(timeoutMs: number, client: Signal, alarm: Alarm): Deadline {
  return new RunningDeadline(timeoutMs, client, alarm);
}

class RunningDeadline implements Deadline, Due {
  readonly signal: LightSignal = new LightSignal();
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly dueAt: number;
  readonly #client: Signal;
  readonly #alarm: Alarm;
  readonly #onClientGone = (): void => this.signal.abort(this.#client.reason);

  constructor(timeoutMs: number, client: Signal, alarm: Alarm) {
    this.timeoutMs = timeoutMs;
    this.deadlineMs = Date.now() + timeoutMs;
    const now = performance.now();
    this.dueAt = now + timeoutMs;
    this.#client = client;
    this.#alarm = alarm;
    if (client.aborted) this.#onClientGone();
    client.addEventListener("abort", this.#onClientGone);
    alarm.remind(this, now);
  }

  onDue(): void {
    this.signal.abort(new ScrapeTimeoutError(this.timeoutMs));
  }

  throwIfOver(): void {
    if (performance.now() >= this.dueAt) this.onDue();
    this.signal.throwIfAborted();
  }

  clear(): void {
    this.#alarm.forget(this);
    this.#client.removeEventListener("abort", this.#onClientGone);
    this.signal.abort(OVER);
  }
}
