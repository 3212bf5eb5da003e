import { LightSignal, OVER, type Signal } from "../abort.ts";
import { ScrapeTimeoutError } from "../errors.ts";
import type { ResolvedOptions } from "../options/options.ts";
import type { Alarm, Due } from "./alarm.ts";
import type { Sending } from "./exchange.ts";

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
  // A timeout shorter than the offset is used whole, as blackbox_exporter does.
  const usableMs = scraperMs > timeoutOffsetMs ? scraperMs - timeoutOffsetMs : scraperMs;
  return Math.min(timeoutMs, usableMs);
}

/** The bounds of one scrape. */
export interface Deadline {
  /** Aborts on timeout, when the client disconnects, and when the scrape is over. */
  readonly signal: Signal;
  /** When the signal aborts at the latest, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** How long before that the clock was started. */
  readonly timeoutMs: number;
  /**
   * Throws the signal's reason when it has aborted, or should have: on a busy event loop timers are
   * late.
   */
  throwIfOver(): void;
  /**
   * Must be called when the scrape is over, whatever its outcome. It aborts the signal with `OVER`,
   * unless that has aborted before; everything the scrape holds is released then.
   */
  clear(): void;
}

/**
 * Starts the clock of a scrape.
 *
 * @param client Aborts when the client disconnects.
 * @param alarm The timer that all scrapes share.
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
  readonly #onDisconnect = (): void => this.signal.abort(this.#client.reason);

  constructor(timeoutMs: number, client: Signal, alarm: Alarm) {
    this.timeoutMs = timeoutMs;
    this.deadlineMs = Date.now() + timeoutMs;
    const now = performance.now();
    this.dueAt = now + timeoutMs;
    this.#client = client;
    this.#alarm = alarm;
    if (client.aborted) this.#onDisconnect();
    client.addEventListener("abort", this.#onDisconnect);
    alarm.schedule(this, now);
  }

  onDue(): void {
    this.signal.abort(new ScrapeTimeoutError(this.timeoutMs));
  }

  throwIfOver(): void {
    if (performance.now() >= this.dueAt) this.onDue();
    this.signal.throwIfAborted();
  }

  clear(): void {
    this.#alarm.cancel(this);
    this.#client.removeEventListener("abort", this.#onDisconnect);
    this.signal.abort(OVER);
  }
}

/** Why a response was cut off. */
export interface Broken {
  /** The sender's error; `undefined` if the signal of the deadline was the reason. */
  readonly error: unknown;
}

/**
 * Begins the sending of a response.
 *
 * @param onEnd Called once, when the response was sent or cut off, before the deadline is cleared.
 */
export function startSending(
  deadline: Deadline,
  onEnd: (broken: Broken | undefined) => void = () => {},
): Sending {
  const { signal } = deadline;
  let isEnded = false;
  const end: Sending["end"] = (...failure) => {
    if (isEnded) return;
    isEnded = true;
    // Not by its value: a body may also throw `undefined`.
    const isBroken = failure.length > 0 || signal.aborted;
    onEnd(isBroken ? { error: failure[0] } : undefined);
    deadline.clear();
  };
  // A sender that never calls it must not keep anything longer than that.
  signal.addEventListener("abort", () => end());
  if (signal.aborted) end();
  return { signal, end };
}
