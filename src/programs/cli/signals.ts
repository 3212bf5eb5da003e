import { constants } from "node:os";

/** The signals that end the program. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * How long a repeated signal counts as an echo of the first: Ctrl-C reaches every process of a
 * terminal, and npm, which is one of them, forwards it to the program that it runs.
 */
const ECHO_MS = 500;

/**
 * Exits on SIGTERM and SIGINT: with status 0 when `stop` has settled, at once on a further signal.
 * Without a listener, process 1 of a container would ignore both.
 *
 * @param stop Called first. It must not reject.
 * @param hurry Called on each further signal; tells whether that has made `stop` faster. Only if not,
 *   the process exits at once.
 */
export function exitOnSignals(
  stop: (signal: string) => Promise<void>,
  hurry: (signal: string) => boolean,
): void {
  let last: { readonly signal: string; readonly at: number } | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = performance.now();
      if (last === undefined) {
        last = { signal, at: now };
        void stop(signal).then(() => process.exit(0));
      } else if (signal !== last.signal || now - last.at > ECHO_MS) {
        last = { signal, at: now };
        if (hurry(signal)) return;
        // The status that a shell reports for a process that a signal has ended.
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
}

/**
 * Reads files again on SIGHUP, as daemons do. Without a listener, SIGHUP ends the process.
 *
 * @param reload It must not reject.
 */
export function reloadOnHangup(reload: (signal: string) => Promise<void>): void {
  process.on("SIGHUP", (signal) => void reload(signal));
}
