/**
 * A worker, as its hub sees it: its slot, its numbers, and the one question that may be open. This file
 * knows no connection: a question goes to this process, or to another one, by `send`.
 */
import type { Contribution } from "../../gatherers/remote/merged-families.ts";
import type { Mirror } from "../../gatherers/remote/mirror.ts";
import { ProtocolError } from "../../gatherers/remote/protocol-error.ts";
import type { Outcome, Question, Want, WorkerFacts } from "../messages.ts";
import type { KeptWorker } from "./leaving/kept-worker.ts";

/** How a worker did at the last scrape. */
export type WorkerState = "up" | "late" | "failed";

/** A question to several workers, and how long it is waited for. */
export interface Round {
  readonly question: Question;
  /** How long an answer is waited for, in milliseconds. */
  readonly limitMs: number;
  /** Whether nobody waits any more. */
  isOver: boolean;
}

/** A worker that is late at this many scrapes in a row is not waited for as long as others, nor is a stuck one. */
const MAX_LATE = 2;

/** How long such a worker is waited for, in milliseconds. */
const SHORT_WAIT_MS = 100;

/** What a worker is told by its hub. */
type Send = (want: Want) => void;

interface OpenQuestion {
  readonly n: number;
  readonly startedAt: number;
  readonly limitMs: number;
  readonly answered: Promise<WorkerState | undefined>;
  readonly settle: (state: WorkerState | undefined) => void;
}

/** One worker of a hub. */
export class Worker {
  readonly facts: WorkerFacts;
  readonly slot: number;
  readonly mirror: Mirror;
  /** What the next hub will know of it. */
  readonly kept: KeptWorker;
  /** How it did at the last scrape; `undefined` as long as there was none. */
  state: WorkerState | undefined;
  /** What it said last of `setFailing()`. */
  isFailing = false;
  /** Whether it has given numbers. */
  hasNumbers = false;
  /** Whether it is known not to answer now. */
  isStuck: () => boolean = () => false;
  /** What it said last of its collectors. */
  errors: Outcome["errors"] = [];
  readonly #send: Send;
  readonly #now: () => number;
  #open: OpenQuestion | undefined;
  #count = 0;
  #lateInARow = 0;
  #lastSeconds: number | undefined;
  #isGone = false;

  /** @param now The time in milliseconds. */
  constructor(
    { facts, slot, mirror, kept }: Pick<Worker, "facts" | "slot" | "mirror" | "kept">,
    send: Send,
    now: () => number = () => performance.now(),
  ) {
    this.facts = facts;
    this.slot = slot;
    this.mirror = mirror;
    this.kept = kept;
    this.#send = send;
    this.#now = now;
  }

  /** Whether it has left, or its connection has ended. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** How long its last answer took, or how long it has been waited for. */
  get answerSeconds(): number | undefined {
    if (this.state !== "late" || this.#open === undefined) return this.#lastSeconds;
    return (this.#now() - this.#open.startedAt) / 1_000;
  }

  /**
   * What it contributes to what is merged.
   *
   * @param isCurrent Whether it has answered this scrape.
   */
  contribution(isCurrent: boolean): Contribution {
    const { mirror, slot, facts } = this;
    return { mirror, slot, isCurrent, pid: facts.pid, isMainThread: facts.thread === 0 };
  }

  /** How long a round waits for this worker, in milliseconds. */
  patienceMs({ limitMs }: Pick<Round, "limitMs">): number {
    const isHopeless = this.#lateInARow >= MAX_LATE || this.isStuck();
    return isHopeless ? Math.min(limitMs, SHORT_WAIT_MS) : limitMs;
  }

  /**
   * Asks, as soon as the question before is answered: a worker that is stuck must not be flooded.
   *
   * @returns How it did; `undefined` if it is gone, or if nobody waits any more.
   */
  async ask(round: Round): Promise<WorkerState | undefined> {
    while (this.#open !== undefined) {
      await this.#open.answered;
      if (round.isOver) return undefined;
    }
    if (this.#isGone) return undefined;
    let settle: OpenQuestion["settle"] = () => {};
    const answered = new Promise<WorkerState | undefined>((resolve) => {
      settle = resolve;
    });
    const n = ++this.#count;
    this.#open = { n, startedAt: this.#now(), limitMs: round.limitMs, answered, settle };
    this.#send({ type: "want", n, ...round.question });
    return answered;
  }

  /**
   * Checks that a question is the open one.
   *
   * @throws {ProtocolError}
   */
  expect(n: number): void {
    if (this.#open?.n !== n) throw new ProtocolError("A message answers no question");
  }

  /** Takes the end of an answer, when its numbers are in the mirror. */
  answered({ isGiven, isLate, isFailing, errors }: Outcome): void {
    const open = this.#open;
    if (open === undefined) return;
    this.isFailing = isFailing;
    this.errors = errors;
    const durationMs = this.#now() - open.startedAt;
    this.#lastSeconds = durationMs / 1_000;
    // It would have been in time if it had been waited for.
    if (durationMs <= open.limitMs && !isLate) this.#lateInARow = 0;
    this.#open = undefined;
    if (isGiven) open.settle("up");
    else open.settle(isLate ? "late" : "failed");
  }

  /** Notes how a round went; without an answer it was late. */
  conclude(state: WorkerState = "late"): void {
    this.state = state;
    this.#lateInARow = state === "late" ? this.#lateInARow + 1 : 0;
  }

  /** Ends all waiting for it. */
  leave(): void {
    this.#isGone = true;
    const open = this.#open;
    this.#open = undefined;
    open?.settle(undefined);
  }
}
