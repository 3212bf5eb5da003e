import type { LightAbortSignal } from "../../../model/gatherer.ts";
import { isAbandoned } from "../../../scrape/gather-cycle.ts";
import type { Heartbeat } from "../heartbeat.ts";
import type { Conversation, Question } from "./conversation.ts";

/** From this age of the heartbeat on, the event loop of the application is stuck, in milliseconds. */
const STUCK_MS = 400;

/** How long an application that is stuck has for an answer, in milliseconds: it may turn at this moment. */
const GRACE_MS = 20;

/** How long at most one that turns has to say anything, in milliseconds. */
const MAX_PATIENCE_MS = 1_000;

/** Whether the event loop of the application is stuck. */
export function isStuck(heartbeat: Heartbeat): boolean {
  return heartbeat.ageMs() > STUCK_MS;
}

/** How long a reply is waited for. */
export interface Bounds {
  /** Aborts when nobody waits for it, or with a `ScrapeTimeoutError` when it is late. */
  readonly signal: LightAbortSignal;
  /** When it is late, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /**
   * How long one that is late may still take, in milliseconds.
   * @default 0
   */
  readonly lastWordMs?: number;
  /** Whether there is something to serve instead. */
  readonly hasLast: () => boolean;
}

/**
 * Waits for the reply to a question as long as that is worth it: where there is something to serve instead, only
 * while the event loop of the application turns. While asynchronous collectors work, it does.
 *
 * @returns `undefined` where the application is stuck; the question then stays open.
 * @throws What the application refuses the question with, or the reason of the signal.
 */
export async function replyInTime<T>(
  question: Question<T>,
  conversation: Conversation,
  { signal, deadlineMs, lastWordMs = 0, hasLast }: Bounds,
): Promise<T | undefined> {
  const { heartbeat } = conversation;
  const rest = restOf(question, heartbeat, deadlineMs - Date.now());
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const stuck = new Promise<undefined>((resolve) => {
    const look = () => {
      const ms = rest();
      if (ms > 0) timer = setTimeout(look, ms);
      else if (hasLast()) resolve(undefined);
    };
    look();
  });
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      const isLate = !isAbandoned(signal);
      conversation.abandon(question, isLate);
      clearTimeout(timer);
      const end = () => reject(signal.reason);
      // The reply says which collectors were too slow.
      if (isLate && !isStuck(heartbeat)) timer = setTimeout(end, lastWordMs);
      else end();
    };
  });
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([question.reply, stuck, aborted]);
  } catch (error) {
    conversation.leave(question);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Makes the function that tells how much longer a reply is worth waiting for, in milliseconds. */
function restOf(question: Question<unknown>, heartbeat: Heartbeat, leftMs: number): () => number {
  const patienceMs = Math.min(MAX_PATIENCE_MS, leftMs / 3);
  const wasStuck = isStuck(heartbeat);
  const askedAt = performance.now();
  return () => {
    const waitedMs = performance.now() - askedAt;
    if (wasStuck && isStuck(heartbeat)) return GRACE_MS - waitedMs;
    // Nothing is said of what other functions of the user do before they have done it.
    const isWorking = question.isCollecting || question.type !== "want";
    if (!isWorking) return patienceMs - waitedMs;
    // A scrape with little time has less patience than lies between two beats.
    return Math.max(patienceMs, STUCK_MS) - heartbeat.ageMs();
  };
}
