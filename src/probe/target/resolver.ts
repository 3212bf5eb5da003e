import type { LookupAddress, LookupOptions } from "node:dns";
import { MetricsError } from "../../errors.ts";
import { nodeModule } from "../../node.ts";

/** Called once, with an error or with all addresses of a host. */
type Answer = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/** Asks for all addresses of a host, as `dns.lookup()` does, and never answers before it returns. */
export type Resolve = (host: string, options: LookupOptions, answer: Answer) => void;

/**
 * What the system has found. An application may have replaced `dns.lookup()`, by a cache perhaps: that may give
 * one address where all are asked for, and call back before it returns.
 */
type Found = string | readonly LookupAddress[];

/** Clients that come and go while names have no answer must not fill the memory: so many take under 10 MB. */
const MAX_WAITING = 1_024;

/**
 * Makes what the lookups of a probe ask the system with.
 *
 * A question cannot be withdrawn. It occupies a thread of Node, two of four by default, until the system gives
 * up, which takes longer than a scrape. So equal questions are one, across runs and scrapes:
 * otherwise a few names without an answer would keep all others waiting, more so with every scrape. Whoever
 * waits is answered even when the run is over: an error at that moment would reach a socket whose listeners
 * have just been removed, and end the process.
 */
export function createResolver(): Resolve {
  const questions = new Map<string, Answer[]>();
  let waiting = 0;

  const ask = (question: string, host: string, options: LookupOptions, first: Answer): void => {
    const answers = [first];
    let isAnswered = false;
    const settle = (error: NodeJS.ErrnoException | null, found: Found = [], family = 0): void => {
      isAnswered = true;
      questions.delete(question);
      waiting -= answers.length;
      const addresses = typeof found === "string" ? [{ address: found, family }] : found;
      // Each in a task of its own: what one throws is not the others' fault.
      for (const answer of answers) queueMicrotask(() => answer(error, addresses));
    };
    nodeModule("node:dns").lookup(host, { ...options, all: true }, settle);
    if (!isAnswered) questions.set(question, answers);
  };

  return (host, options, answer) => {
    if (waiting >= MAX_WAITING) {
      const message = `Cannot resolve "${host}": too many names have no answer yet`;
      queueMicrotask(() => answer(new MetricsError("ERR_PROMHTTP_TARGET", message), []));
      return;
    }
    const { family, hints, order, verbatim } = options;
    const question = JSON.stringify([host, family, hints, order, verbatim]);
    const answers = questions.get(question);
    if (answers === undefined) ask(question, host, options, answer);
    else answers.push(answer);
    waiting++;
  };
}
