import { inspect } from "./node.ts";

/** Where the server logs what went wrong: `console`, pino, winston, or anything similar. */
export interface Logger {
  /** Logs a failure. */
  error(message: string): unknown;
  /** Logs something that may be wrong. */
  warn(message: string): unknown;
}

/**
 * Makes a logger that never throws. The message is one string with the whole error in it, because
 * no two loggers agree on where an error belongs among their arguments.
 */
export function createLog(logger: Logger | false): Log {
  const write = (level: "error" | "warn", message: string, error?: unknown): void => {
    if (logger === false) return;
    try {
      const result = logger[level](
        `promhttp: ${message}${error === undefined ? "" : `: ${describe(error)}`}`,
      );
      // A logger that returns a promise must not cause an unhandled rejection either.
      Promise.resolve(result).catch(() => {});
    } catch {
      // There is nowhere left to log it.
    }
  };
  return {
    error: (message, error) => write("error", message, error),
    warn: (message) => write("warn", message),
  };
}

/** A logger for our own use. */
export interface Log {
  error(message: string, error: unknown): void;
  warn(message: string): void;
}

function describe(error: unknown): string {
  try {
    return inspect(error);
  } catch {
    return "an error that cannot be shown";
  }
}

// A family that cannot be served logs the same at every scrape; the bound is for families that come
// and go.
const MAX_REMEMBERED = 1_000;

/** Makes a function that tells whether a message is new. */
export function createOnce(): (message: string) => boolean {
  const logged = new Set<string>();
  return (message) => {
    if (logged.has(message)) return false;
    if (logged.size >= MAX_REMEMBERED) logged.clear();
    logged.add(message);
    return true;
  };
}
