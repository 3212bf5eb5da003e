import type { LookupAddress, LookupOptions } from "node:dns";
import type { Signal } from "../../abort.ts";
import { MetricsError } from "../../errors.ts";
import { nodeModule } from "../../node.ts";

/** Called once, with an error or with all addresses of a host. */
type Answer = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/**
 * Asks for all addresses of a host, as `dns.lookup()` does.
 *
 * @param signal When it aborts, the answer is an error: nobody waits for it any longer.
 */
export type Resolve = (
  host: string,
  options: LookupOptions,
  signal: Signal | undefined,
  answer: Answer,
) => void;

/** A resolver that does not answer must not fill the memory; this many questions are under 1 MB. */
const MAX_QUESTIONS = 1_024;

/**
 * Makes what the lookups of a probe ask the system with.
 *
 * A question cannot be withdrawn. It occupies a thread of Node, two of four by default, until the system gives
 * up, which takes longer than a scrape. So equal questions are one, whoever asks, and at whichever scrape:
 * otherwise a few names without an answer would keep all others waiting, more so with every scrape.
 */
export function createResolver(): Resolve {
  const questions = new Map<string, Set<Answer>>();

  const ask = (question: string, host: string, options: LookupOptions): Set<Answer> => {
    const waiting = new Set<Answer>();
    nodeModule("node:dns").lookup(host, { ...options, all: true }, (error, addresses = []) => {
      questions.delete(question);
      // Each in a task of its own: what one throws is not the others' fault.
      for (const answer of waiting) queueMicrotask(() => answer(error, addresses));
      waiting.clear();
    });
    questions.set(question, waiting);
    return waiting;
  };

  return (host, options, signal, answer) => {
    const refuse = (reason: string) => queueMicrotask(() => answer(failure(reason, signal), []));
    if (signal?.aborted) return refuse("the run is over");
    const { family, hints, order, verbatim } = options;
    const question = JSON.stringify([host, family, hints, order, verbatim]);
    const known = questions.get(question);
    if (known === undefined && questions.size >= MAX_QUESTIONS)
      return refuse("too many names wait");
    const waiting = known ?? ask(question, host, options);
    const settle: Answer = (error, addresses) => {
      signal?.removeEventListener("abort", onAbort);
      answer(error, addresses);
    };
    const onAbort = () => {
      if (waiting.delete(settle)) answer(failure("the run is over", signal), []);
    };
    waiting.add(settle);
    signal?.addEventListener("abort", onAbort, { once: true });
  };
}

function failure(reason: string, signal: Signal | undefined): MetricsError {
  const message = `Cannot resolve a name: ${reason}`;
  return new MetricsError("ERR_PROMHTTP_TARGET", message, { cause: signal?.reason });
}
