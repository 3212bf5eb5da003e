import { constants } from "node:os";

/** The signals that end the program. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * How long the same signal again is an echo of the first: Ctrl-C reaches every process of a
 * terminal, and npm, which is one of them, passes it on to the program that it runs.
 */
const ECHO_MS = 500;

/**
 * Ends this process on SIGTERM and SIGINT: with status 0 when `stop` has settled, at once on a
 * second signal. As process 1 of a container it would not end by a signal on its own.
 *
 * @param stop What is to be done before. It must not reject.
 */
export function exitOnSignals(stop: (signal: string) => Promise<void>): void {
  let first: { readonly signal: string; readonly at: number } | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = performance.now();
      if (first === undefined) {
        first = { signal, at: now };
        void stop(signal).then(() => process.exit(0));
      } else if (signal !== first.signal || now - first.at > ECHO_MS) {
        // What a shell says of a process that a signal has ended.
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
}
