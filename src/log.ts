import { inspect } from "./node.ts";

/** Where the server says what went wrong: `console`, pino, winston, or anything alike. */
export interface Logger {
  /** Says that something failed. */
  error(message: string): unknown;
  /** Says that something may not be as it should. */
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
      // A logger that answers with a promise must not cause an unhandled rejection either.
      Promise.resolve(result).catch(() => {});
    } catch {
      // There is nowhere left to say it.
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

// A family that cannot be served is the same at every scrape; those that come and go must not fill
// the memory.
const MAX_REMEMBERED = 1_000;

/** Tells a message from those that were said before. */
export function createOnce(): (message: string) => boolean {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message)) return false;
    if (said.size >= MAX_REMEMBERED) said.clear();
    said.add(message);
    return true;
  };
}
