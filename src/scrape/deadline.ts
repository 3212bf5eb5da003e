import { LightSignal, OVER, type Signal } from "../abort.ts";
import { ScrapeTimeoutError } from "../errors.ts";
import type { ResolvedOptions } from "../options/options.ts";
import type { Alarm, Due } from "./alarm.ts";
import type { Sending } from "./exchange.ts";

/**
 * How long the scraper waits, in milliseconds: what it says, and never longer than `timeoutMs`.
 *
 * @param header `X-Prometheus-Scrape-Timeout-Seconds`, as sent by Prometheus and VictoriaMetrics.
 *   Whatever is not a positive number says nothing.
 */
export function scraperTimeoutMs(header: string | undefined, timeoutMs: number): number {
  const scraperMs = Number(header) * 1_000;
  return scraperMs > 0 ? Math.min(timeoutMs, scraperMs) : timeoutMs;
}

/** The largest part of the scraper's time that is kept for the answer to reach it. */
const OFFSET_SHARE = 0.1;

/**
 * Starts the clock of a scrape. Collectors and the first byte have the scraper's time less an offset,
 * so that a failure can still be answered. A body has all of that time: once it is on its way, no
 * other answer is possible.
 *
 * @param header See `scraperTimeoutMs()`.
 * @param client Aborts when the client disconnects.
 */
export function startScraperDeadline(
  header: string | undefined,
  { timeoutMs, timeoutOffsetMs }: Pick<ResolvedOptions, "timeoutMs" | "timeoutOffsetMs">,
  client: Signal,
  alarm: Alarm,
): Deadline {
  const scraperMs = scraperTimeoutMs(header, timeoutMs);
  const offsetMs = Math.min(timeoutOffsetMs, scraperMs * OFFSET_SHARE);
  return new RunningDeadline(scraperMs - offsetMs, offsetMs, client, alarm);
}

/** The bounds of one scrape. */
export interface Deadline {
  /** Aborts on timeout, when the client disconnects, and when the scrape is over. */
  readonly signal: Signal;
  /** When the signal aborts at the latest before `startBody()`, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** How long before that the clock was started. */
  readonly timeoutMs: number;
  /**
   * Throws the signal's reason when it has aborted, or should have: on a busy event loop timers are
   * late.
   */
  throwIfOver(): void;
  /** Gives the body, which is on its way, the rest of the scraper's time. */
  startBody(): void;
  /**
   * Must be called when the scrape is over, whatever its outcome. It aborts the signal with `OVER`,
   * unless that has aborted before; everything the scrape holds is released then.
   */
  clear(): void;
}

/**
 * Starts the clock of something that has the same time for its answer and for its body.
 *
 * @param client Aborts when the client disconnects.
 * @param alarm The timer that all scrapes share.
 */
export function startDeadline(timeoutMs: number, client: Signal, alarm: Alarm): Deadline {
  return new RunningDeadline(timeoutMs, 0, client, alarm);
}

class RunningDeadline implements Deadline, Due {
  readonly signal: LightSignal = new LightSignal();
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  dueAt: number;
  /** How much later a body is due than the first byte. */
  #graceMs: number;
  readonly #startedAt: number;
  readonly #client: Signal;
  readonly #alarm: Alarm;
  readonly #onDisconnect = (): void => this.signal.abort(this.#client.reason);

  constructor(timeoutMs: number, graceMs: number, client: Signal, alarm: Alarm) {
    this.timeoutMs = timeoutMs;
    this.#graceMs = graceMs;
    this.deadlineMs = Date.now() + timeoutMs;
    this.#startedAt = performance.now();
    this.dueAt = this.#startedAt + timeoutMs;
    this.#client = client;
    this.#alarm = alarm;
    if (client.aborted) this.#onDisconnect();
    client.addEventListener("abort", this.#onDisconnect);
    alarm.schedule(this, this.#startedAt);
  }

  onDue(): void {
    this.signal.abort(new ScrapeTimeoutError(this.dueAt - this.#startedAt));
  }

  throwIfOver(): void {
    if (performance.now() >= this.dueAt) this.onDue();
    this.signal.throwIfAborted();
  }

  startBody(): void {
    // The alarm's timer stays: it looks when it fires.
    this.dueAt += this.#graceMs;
    this.#graceMs = 0;
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
