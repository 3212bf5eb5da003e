import type { Logger } from "../log.ts";

/** Where `@opentelemetry/api` 1.x keeps what is registered with it, whichever copy of it is loaded. */
const API = Symbol.for("opentelemetry.js.api.1");

type Level = "error" | "warn" | "info";

/** Logs a line. */
type Line = Logger["error"];

/**
 * Makes a logger that logs to the logger that the application has given to `diag`, with its level, and to
 * `fallback` as long as there is none: `diag` itself then drops every line. It is looked for at each line,
 * because an application may set it at any time.
 */
export function diagLogger(fallback: Logger): Logger {
  return {
    // A logger with the other methods of `console` gets each line as one text, which `diag` takes, too.
    ...fallback,
    error: lineAt("error", fallback),
    warn: lineAt("warn", fallback),
    info: lineAt("info", fallback),
  };
}

function lineAt(level: Level, fallback: Logger): Line {
  return (text, ...fields) => {
    // Cast: the symbol is not declared. `diag` is there only while it has a logger.
    const { [API]: api } = globalThis as { [API]?: { diag?: Partial<Record<Level, Line>> } };
    const { diag } = api ?? {};
    if (typeof diag?.[level] === "function") return diag[level](text, ...fields);
    return (fallback[level] ?? fallback.warn).call(fallback, text, ...fields);
  };
}
