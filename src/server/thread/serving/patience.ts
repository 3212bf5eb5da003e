import type { Signal } from "../../../abort.ts";
import type { GatherContext } from "../../../model/gatherer.ts";
import { isAbandoned } from "../../../scrape/gather-cycle.ts";
import type { Heartbeat } from "../heartbeat.ts";
import type { Conversation, Question } from "./conversation.ts";

/** From this age of the heartbeat on, the event loop of the application is stuck, in milliseconds. */
const STUCK_MS = 400;

/** How long an application that is stuck has for an answer, in milliseconds: it may turn at this moment. */
const GRACE_MS = 20;

/** How long at most one that turns has to say anything, in milliseconds. */
const MAX_PATIENCE_MS = 1_000;

/** How long the application has to say which collectors were too late for a scrape, in milliseconds. */
const LAST_WORD_MS = 100;

/** Whether the event loop of the application is stuck. */
export function isStuck(heartbeat: Heartbeat): boolean {
  return heartbeat.ageMs() > STUCK_MS;
}

/**
 * Waits for the reply to a question as long as that is worth it: where there is something to serve instead, only
 * while the event loop of the application turns. While asynchronous collectors work, it does.
 *
 * @param hasLast Whether there is something to serve instead.
 * @returns `undefined` where the application is stuck.
 * @throws What the application refuses the question with, or the reason of the context's signal.
 */
export async function replyInTime<T>(
  question: Question<T>,
  conversation: Conversation,
  context: Pick<GatherContext, "deadlineMs" | "lightSignal"> & { readonly signal: Signal },
  hasLast: () => boolean,
): Promise<T | undefined> {
  const { signal, lightSignal = signal, deadlineMs } = context;
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
      const isLate = !isAbandoned(lightSignal);
      conversation.abandon(question, isLate);
      clearTimeout(timer);
      const end = () => reject(lightSignal.reason);
      // The reply says which collectors were late.
      if (isLate && !isStuck(heartbeat)) timer = setTimeout(end, LAST_WORD_MS);
      else end();
    };
  });
  lightSignal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([question.reply, stuck, aborted]);
  } finally {
    clearTimeout(timer);
    lightSignal.removeEventListener("abort", onAbort);
    conversation.leave(question);
  }
}

/** Makes the function that tells how much longer a reply is worth waiting for, in milliseconds. */
function restOf(question: Question<unknown>, heartbeat: Heartbeat, leftMs: number): () => number {
  const patienceMs = Math.min(MAX_PATIENCE_MS, leftMs / 3);
  const wasStuck = isStuck(heartbeat);
  const askedAt = performance.now();
  return () => {
    if (question.isCollecting) return patienceMs - heartbeat.ageMs();
    const isStillStuck = wasStuck && isStuck(heartbeat);
    return (isStillStuck ? GRACE_MS : patienceMs) - (performance.now() - askedAt);
  };
}
