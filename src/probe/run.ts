import { LightSignal, OVER, unlessAborted } from "../abort.ts";
import { ScrapeTimeoutError } from "../errors.ts";
import type { FaultReporter } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Probe } from "../model/probe.ts";
import type { Alarm, Due } from "../scrape/alarm.ts";
import type { Deadline } from "../scrape/deadline.ts";
import { nextTurn } from "../timers.ts";
import type { Ask } from "./ask.ts";
import { readResult } from "./read-result.ts";
import type { TargetPolicy } from "./target/policy.ts";

/** What all runs of a probe have in common. */
export interface RunParts {
  readonly probe: Probe;
  readonly policy: Pick<TargetPolicy, "lookup">;
  readonly alarm: Alarm;
  /** Reports a part of a family that has to be skipped. */
  readonly report: FaultReporter;
}

/**
 * Requests share a run only if it has as much of this time as they have, or nearly: a client that waits for
 * a second must not make the probe of one that waits for ten fail. To clients of one kind it is the same.
 */
const MIN_SHARE = 0.9;

/**
 * One run of a probe, for all requests that wait for it.
 *
 * It ends when the probe has settled, at its deadline, when nobody waits for it any longer, or when it is
 * stopped, whichever comes first. Its signal aborts then, unless the probe has succeeded.
 */
export class Run implements Due {
  readonly ask: Ask;
  /** Infinite until it starts. */
  dueAt: number = Number.POSITIVE_INFINITY;
  readonly #parts: RunParts;
  readonly #waiting = new Set<Deadline>();
  readonly #signal = new LightSignal();
  readonly #result: Promise<readonly MetricFamily[]>;
  #resolve: (families: readonly MetricFamily[]) => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #work: Promise<void> | undefined;
  #timeoutMs = 0;
  #startedAt: number | undefined;
  #endedAt: number | undefined;
  readonly #onEnd: (settled: Promise<unknown>) => void;

  /**
   * @param onEnd Called once, when nobody can join it any longer. What it is given resolves when the probe has
   *   settled too, or in the next turn if the probe ignores its signal.
   */
  constructor(ask: Ask, parts: RunParts, onEnd: (settled: Promise<unknown>) => void) {
    this.ask = ask;
    this.#parts = parts;
    this.#onEnd = onEnd;
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Perhaps nobody waits.
    this.#result.catch(() => {});
  }

  /** How long it has been running, in milliseconds. */
  get durationMs(): number {
    if (this.#startedAt === undefined) return 0;
    return (this.#endedAt ?? performance.now()) - this.#startedAt;
  }

  /** Whether a request with this deadline may wait for it. */
  suits({ timeoutMs }: Deadline): boolean {
    if (this.#startedAt === undefined) return true;
    const isInTime = performance.now() < this.dueAt;
    const wantedMs = Math.min(timeoutMs, moduleTimeoutMs(this.#parts.probe, this.ask.module));
    return isInTime && this.#timeoutMs >= wantedMs * MIN_SHARE;
  }

  /** Counts a request that is going to wait for `families()`: it must, in the same turn. */
  admit(deadline: Deadline): void {
    this.#waiting.add(deadline);
  }

  /**
   * Waits for its families.
   *
   * @throws What the probe throws, or the reason of the deadline's signal when it aborts first.
   */
  async families(deadline: Deadline): Promise<readonly MetricFamily[]> {
    try {
      return await unlessAborted(this.#result, deadline.signal);
    } finally {
      this.#waiting.delete(deadline);
      if (this.#waiting.size === 0) this.stop(deadline.signal.reason);
    }
  }

  /** Begins, unless it is over. It never throws. */
  start(): void {
    if (this.#endedAt !== undefined) return;
    const { probe, alarm } = this.#parts;
    const [last] = [...this.#waiting].sort((a, b) => b.deadlineMs - a.deadlineMs);
    const nowMs = Date.now();
    // On a busy event loop timers are late.
    if (last === undefined || last.deadlineMs <= nowMs) {
      this.stop(new ScrapeTimeoutError(last?.timeoutMs ?? 0));
      return;
    }
    this.#timeoutMs = Math.min(last.deadlineMs - nowMs, moduleTimeoutMs(probe, this.ask.module));
    this.#startedAt = performance.now();
    this.dueAt = this.#startedAt + this.#timeoutMs;
    alarm.schedule(this, this.#startedAt);
    this.#work = this.#perform(nowMs + this.#timeoutMs).then(
      (families) => this.#end(() => this.#resolve(families)),
      (error: unknown) => this.#fail(error, OVER),
    );
  }

  onDue(): void {
    this.stop(new ScrapeTimeoutError(this.#timeoutMs));
  }

  /** Ends it, unless it is over: whoever still waits gets `reason`. */
  stop(reason: unknown): void {
    this.#fail(reason, reason);
  }

  async #perform(deadlineMs: number): Promise<readonly MetricFamily[]> {
    const { probe, policy, report } = this.#parts;
    const { target, module, params } = this.ask;
    const lightSignal = this.#signal;
    const bounds = { signal: lightSignal.real, deadlineMs };
    const lookup = policy.lookup(target);
    const result = await probe.probe({ target, module, params, lookup, ...bounds });
    // Its collectors would run for nobody.
    lightSignal.throwIfAborted();
    return readResult(result, { ...bounds, lightSignal, report });
  }

  #fail(error: unknown, reason: unknown): void {
    this.#end(() => {
      this.#reject(error);
      // What it has left behind when it failed must end, too.
      this.#signal.abort(reason);
    });
  }

  #end(settle: () => void): void {
    if (this.#endedAt !== undefined) return;
    this.#endedAt = performance.now();
    this.#parts.alarm.cancel(this);
    settle();
    this.#onEnd(Promise.race([this.#work, nextTurn()]));
  }
}

/** How long a run of a module may take at most, in milliseconds. */
export function moduleTimeoutMs({ timeoutMs }: Pick<Probe, "timeoutMs">, module: string): number {
  if (typeof timeoutMs !== "object") return timeoutMs ?? Number.POSITIVE_INFINITY;
  // Every object has a name such as "constructor".
  const ownMs = Object.hasOwn(timeoutMs, module) ? timeoutMs[module] : undefined;
  return ownMs ?? Number.POSITIVE_INFINITY;
}
