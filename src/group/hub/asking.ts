/** Asks all workers at once, waits for them within bounds, and says who did not give anything. */
import type { Log } from "../../log.ts";
import type { GatherContext } from "../../model/gatherer.ts";
import type { WorkersSettings } from "../../options/workers.ts";
import { UnavailableError } from "../../scrape/failure.ts";
import type { SelfMetrics } from "../../scrape/self-metrics.ts";
import { unref } from "../../timers.ts";
import { quoted } from "../messages.ts";
import type { Round, Worker, WorkerState } from "./worker.ts";

/** The share of a scrape's time for which workers are waited for, and what is left of it at least. */
const WAIT_SHARE = 0.6;
const RESERVE_MS = 100;

/** How long before that the collectors of a worker must be done, so that its answer is in time. */
const ANSWER_SHARE = 0.1;

/** The kind of faults of other workers in the log. */
const WORKER = "worker";

/** What asking needs, and where it accounts for failures. */
export interface AskingConfig {
  readonly settings: Pick<WorkersSettings, "label" | "missing">;
  readonly selfMetrics: Pick<SelfMetrics, "collectors" | "errors">;
  readonly log: Log;
}

/** Who is asked. */
interface Asked {
  readonly workers: ReadonlySet<Worker>;
  readonly own: Worker | undefined;
  readonly events: { late: number };
}

/** Asks the workers of one hub. */
export class Asking {
  readonly #config: AskingConfig;
  readonly #census: Asked;

  constructor(config: AskingConfig, census: Asked) {
    this.#config = config;
    this.#census = census;
  }

  /**
   * Asks all workers, and returns how those did that have answered.
   *
   * @throws {UnavailableError} If all were late, and the hub is one of them or has no numbers of theirs; or if
   *   one gave nothing, and the user wants all or nothing.
   * @throws {Error} If none gave anything otherwise.
   */
  async askAll(round: Round): Promise<ReadonlyMap<Worker, WorkerState>> {
    const states = new Map<Worker, WorkerState>();
    const asked = [...this.#census.workers];
    await Promise.all(
      asked.map((worker) => waitFor(worker, round, (state) => states.set(worker, state))),
    );
    round.isOver = true;
    for (const worker of asked) {
      if (worker.isGone) continue;
      const state = states.get(worker);
      worker.conclude(state);
      if (worker.state === "late") this.#census.events.late++;
      this.#account(worker, state, round);
    }
    this.#settle(asked, states, round);
    this.#refuseIfMissing(states);
    return states;
  }

  /** Counts and logs the failures of a worker's collectors. Its own are logged where they happen. */
  #account(worker: Worker, state: WorkerState | undefined, { question }: Round): void {
    if (state === undefined) return;
    const { selfMetrics, log } = this.#config;
    const { errors, slot } = worker;
    const isComplete = question.names === undefined;
    selfMetrics.collectors.record(errors, () => isComplete, this.#labelOf(worker));
    selfMetrics.errors.gathering += errors.length;
    if (worker === this.#census.own) return;
    for (const { collector, message } of errors) {
      const what = `Collector ${quoted(collector)} of worker ${slot} failed`;
      log.warn(`${what}: ${quoted(message)}`, { kind: WORKER, name: `${slot} ${collector}` });
    }
  }

  /** Says which collectors of the workers work again. */
  #settle(
    asked: readonly Worker[],
    states: ReadonlyMap<Worker, WorkerState>,
    { question }: Round,
  ): void {
    if (question.names !== undefined) return;
    const failing = new Set<string>();
    for (const worker of asked) {
      if (!states.has(worker)) continue;
      for (const { collector } of worker.errors) failing.add(`${worker.slot} ${collector}`);
    }
    this.#config.log.settled(WORKER, (name) => failing.has(name));
  }

  /** A scrape fails if nobody gave anything, or if the user wants all or nothing. */
  #refuseIfMissing(states: ReadonlyMap<Worker, WorkerState>): void {
    const missing = [...this.#census.workers].filter(
      (worker) => !worker.isGone && worker.state !== undefined && states.get(worker) !== "up",
    );
    if (missing.length === 0) return;
    const list = missing.map(({ slot, state }) => `${slot} (${state})`).join(", ");
    const isEmpty = ![...states.values()].includes("up");
    // Without metrics of its own, a hub is there to answer for workers that are stuck, if it is for the only one.
    const isLast = ({ state, hasNumbers }: Worker) => state === "late" && hasNumbers;
    const hasLast = this.#census.own === undefined && missing.some(isLast);
    if (isEmpty && !hasLast) {
      const areLate = missing.every(({ state }) => state === "late");
      throw new (areLate ? UnavailableError : Error)(`No worker gave its metrics: ${list}`);
    }
    if (this.#config.settings.missing === "fail") {
      throw new UnavailableError(`Some workers did not give their metrics: ${list}`);
    }
  }

  /** Forgets the collectors of a worker that is gone. */
  forget(worker: Worker): void {
    this.#config.selfMetrics.collectors.forget(this.#labelOf(worker));
  }

  #labelOf({ slot }: Worker): { readonly label: string; readonly slot: number } {
    return { label: this.#config.settings.label, slot };
  }
}

/**
 * Waits for one worker as long as the round allows.
 *
 * @param onAnswer Called with its answer, also later, as long as the round waits for others.
 */
export function waitFor(
  worker: Worker,
  round: Round,
  onAnswer: (state: WorkerState) => void = () => {},
): Promise<WorkerState | undefined> {
  return new Promise((resolve) => {
    const timer = unref(setTimeout(resolve, worker.patienceMs(round), undefined));
    void worker.ask(round).then((state) => {
      clearTimeout(timer);
      if (state !== undefined && !round.isOver) onAnswer(state);
      resolve(state);
    });
  });
}

/** Makes the question of a scrape. */
export function roundOf({ deadlineMs, names }: GatherContext): Round {
  const now = Date.now();
  const leftMs = deadlineMs - now;
  const limitMs = Math.max(0, Math.min(leftMs * WAIT_SHARE, leftMs - RESERVE_MS));
  const question = { deadlineMs: now + limitMs * (1 - ANSWER_SHARE), names };
  return { question, limitMs, isOver: false };
}
