/** How much is logged: each level, and all that stand behind it. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** The formats of log lines. */
export const LOG_FORMATS = ["logfmt", "json"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What a line says beside its message. */
type LogFields = Readonly<Record<string, string>>;

/** The log of the program. */
export type ProgramLog = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

/**
 * Makes a log that looks like that of the official exporters.
 *
 * @param level The lowest level that is written.
 * @param write Takes a line, without its end.
 */
export function createProgramLog(
  level: LogLevel,
  format: LogFormat,
  write: (line: string) => void,
): ProgramLog {
  const lowest = LOG_LEVELS.indexOf(level);
  const at = (own: LogLevel) => (message: string, fields?: LogFields) => {
    if (LOG_LEVELS.indexOf(own) < lowest) return;
    const ts = new Date().toISOString();
    write(toLine(format, { ts, level: own, msg: message, ...fields }));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function toLine(format: LogFormat, fields: LogFields): string {
  if (format === "json") return JSON.stringify(fields);
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(" ");
}

/** As Go's slog does it: quotes where a reader could not tell the end of the value without them. */
function quoted(value: string): string {
  return /^[^\s"=\p{C}]+$/u.test(value) ? value : JSON.stringify(value);
}
