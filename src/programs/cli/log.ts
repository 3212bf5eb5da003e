/** The log levels, in ascending order; a log writes its level and those above. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** The formats of log lines. */
export const LOG_FORMATS = ["logfmt", "json"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The fields of a line beside its message. */
type LogFields = Readonly<Record<string, string>>;

/** The log of the program. */
export type ProgramLog = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

/**
 * Makes a log in the style of the official exporters.
 *
 * @param level The lowest level that is written.
 * @param write Receives a line, without its line feed.
 */
export function createProgramLog(
  level: LogLevel,
  format: LogFormat,
  write: (line: string) => void,
): ProgramLog {
  const lowest = LOG_LEVELS.indexOf(level);
  const at = (lineLevel: LogLevel) => (message: string, fields?: LogFields) => {
    if (LOG_LEVELS.indexOf(lineLevel) < lowest) return;
    const ts = new Date().toISOString();
    write(toLine(format, { ts, level: lineLevel, msg: message, ...fields }));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function toLine(format: LogFormat, fields: LogFields): string {
  if (format === "json") return JSON.stringify(fields);
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(" ");
}

/** As in Go's slog: quotes a value if a reader could not find its end without quotes. */
function quoted(value: string): string {
  return /^[^\s"=\p{C}]+$/u.test(value) ? value : JSON.stringify(value);
}
