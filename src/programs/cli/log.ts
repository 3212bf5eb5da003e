import { inspect } from "node:util";
import type { Logger } from "../../index.ts";

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

/** Makes the logger of a server, whose fields become fields of the lines. */
export function toLogger(log: ProgramLog): Logger {
  const write =
    (level: LogLevel) =>
    (fieldsOrMessage: ServerFields | string, message = "") => {
      const isPlain = typeof fieldsOrMessage === "string";
      const text = isPlain ? fieldsOrMessage : message;
      // The log of the program need not name the program.
      log[level](text.replace(/^promhttp: /, ""), isPlain ? {} : toText(fieldsOrMessage));
    };
  const logger = { error: write("error"), warn: write("warn"), info: write("info") };
  // Cast: the type of a logger does not tell that one with `bindings()` gets the fields first.
  return { ...logger, bindings: () => ({}) } as unknown as Logger;
}

/** The fields of a server's line. */
interface ServerFields {
  readonly err?: Error;
}

function toText({ err, ...others }: ServerFields): LogFields {
  const shown = Object.entries(others).map(([name, value]) => [name, String(value)]);
  const fields = Object.fromEntries(shown);
  if (err === undefined) return fields;
  const title = `${err.name}: ${err.message}`;
  // The stack is there only once, with the causes.
  return { ...fields, err: title, ...(err.stack !== undefined && { stack: inspect(err) }) };
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
