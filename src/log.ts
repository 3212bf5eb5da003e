import { RepeatedFaults, type Topic } from "./log/repeated-faults.ts";
import { originOf, showShort, showWhole, toField } from "./log/shown-error.ts";

/** What a log line says beside its message: `collector`, `err`, `failures`. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where the server logs what went wrong: `console`, pino, winston, or anything similar.
 *
 * `console` gets one text. A logger with `bindings()`, as those of pino and Fastify, gets the fields
 * first and then the message; any other gets the message first. A line without fields is its message
 * alone.
 */
export interface Logger {
  /** Logs a failure. */
  error(message: string, fields?: LogFields): unknown;
  /** Logs something that may be wrong. */
  warn(message: string, fields?: LogFields): unknown;
  /** Logs that something works again; without it, `warn()` does. */
  info?(message: string, fields?: LogFields): unknown;
  /** What tells pino from others; it is never called. */
  bindings?(): unknown;
}

/**
 * The log for our own use. A line that repeats is logged when it begins, at most once a minute while
 * it goes on, and once when it is over.
 *
 * @internal
 */
export interface Log {
  /** @param about Without it, lines of the same message are one fault. */
  error(message: string, error: unknown, about?: About): void;
  warn(message: string, about?: About): void;
  /** Logs a failure that its message explains: where something was thrown would tell nothing. */
  fault(message: string, about?: About): void;
  /** Warns of something that is not a fault: each line is logged. */
  note(message: string): void;
  /**
   * Says that nothing of a kind is at fault any more.
   *
   * @param isFailing Tells which of that kind still is.
   */
  settled(kind: string, isFailing?: (name: string) => boolean): void;
}

/**
 * What a line is about: all lines of one kind and name are one fault.
 *
 * @internal
 */
export interface About extends Topic {
  readonly fields?: LogFields;
  /** What to say when it is over. */
  readonly again?: string;
}

/**
 * Makes a log that never throws.
 *
 * @param now The time in milliseconds.
 *
 * @internal
 */
export function createLog(
  logger: Logger | false,
  now: () => number = () => performance.now(),
): Log {
  if (logger === false) return SILENT;
  const write = createWriter(logger);
  const faults = new RepeatedFaults<Line>({
    level: "error",
    message: "Too many different faults; the others are only counted",
  });
  const occurred = (line: Line, about: About = { kind: line.message }): void => {
    const origin = () => ("error" in line ? originOf(line.error) : "");
    faults.occurred(about, { ...line, about }, origin, now(), (latest, news) => {
      if (news.isFirst) write(latest, latest.message, {}, news.isNewOrigin);
      else {
        const seconds = Math.round(news.elapsedMs / 1_000);
        const message = `${latest.message} (${news.count} times in ${seconds} s)`;
        write(latest, message, { failures: news.count }, news.isNewOrigin);
      }
    });
  };
  return {
    error: (message, error, about) => occurred({ level: "error", message, error }, about),
    warn: (message, about) => occurred({ level: "warn", message }, about),
    fault: (message, about) => occurred({ level: "error", message }, about),
    note: (message) => write({ level: "warn", message }, message, {}, false),
    settled(kind, isFailing = NOTHING) {
      if (faults.isEmpty) return;
      // What failed in several ways works again once.
      const news = new Map<string, { readonly line: Line; readonly total: number }>();
      faults.settled(kind, isFailing, now(), ({ message, about }, count) => {
        const again = about?.again ?? `No longer: ${message}`;
        const total = count + (news.get(again)?.total ?? 0);
        news.set(again, { line: { level: "info", message, about }, total });
      });
      for (const [again, { line, total }] of news) {
        const failures = `${total} ${total === 1 ? "failure" : "failures"}`;
        write(line, `${again} (${failures})`, { failures: total }, false);
      }
    },
  };
}

const NOTHING = () => false;

const SILENT: Log = { error() {}, warn() {}, fault() {}, note() {}, settled() {} };

interface Line {
  readonly level: "error" | "warn" | "info";
  readonly message: string;
  readonly error?: unknown;
  readonly about?: About | undefined;
}

/** @param hasStack Whether to show where the error was thrown. */
type Writer = (line: Line, message: string, counts: LogFields, hasStack: boolean) => void;

/** Makes the function that writes a line in the way that a logger expects. It never throws. */
function createWriter(logger: Logger): Writer {
  const style = styleOf(logger);
  return (line, text, counts, hasStack) =>
    callLogger(logger, line.level, () =>
      argumentsOf(style, line, `promhttp: ${text}`, counts, hasStack),
    );
}

/**
 * Calls a logger; one without `info()` gets such a line as a warning. It never throws.
 *
 * @param args Makes what the logger is called with.
 * @internal
 */
export function callLogger(logger: Logger, level: Line["level"], args: () => unknown[]): void {
  try {
    const at = level === "info" && !isFunction(logger.info) ? "warn" : level;
    // Cast: the order of the arguments is the logger's, which its type does not tell.
    const method = logger[at] as unknown as (...args: unknown[]) => unknown;
    const result = method.apply(logger, args());
    // A logger that returns a promise must not cause an unhandled rejection either.
    Promise.resolve(result).catch(() => {});
  } catch {
    // There is nowhere left to log it.
  }
}

/**
 * How a logger takes a line: as one text, fields first, or message first.
 *
 * @internal
 */
export type LoggerStyle = "text" | "fields-first" | "message-first";

/**
 * Tells how a logger takes its lines. It never throws.
 *
 * @internal
 */
export function styleOf(logger: Logger): LoggerStyle {
  try {
    if (isFunction(logger.bindings)) return "fields-first";
    // Not by identity: tests, windows and REPLs have consoles of their own.
    const { dir, groupEnd } = logger as { dir?: unknown; groupEnd?: unknown };
    return isFunction(dir) && isFunction(groupEnd) ? "text" : "message-first";
  } catch {
    return "message-first";
  }
}

function argumentsOf(
  style: LoggerStyle,
  line: Line,
  text: string,
  counts: LogFields,
  hasStack: boolean,
): unknown[] {
  const isError = "error" in line;
  if (style === "text") {
    if (line.error === undefined) return [text];
    return [`${text}: ${hasStack ? showWhole(line.error) : showShort(line.error)}`];
  }
  const fields = {
    ...line.about?.fields,
    ...(isError && { err: toField(line.error, hasStack) }),
    ...counts,
  };
  if (style === "fields-first") return Object.keys(fields).length > 0 ? [fields, text] : [text];
  const message = line.error !== undefined ? `${text}: ${showShort(line.error)}` : text;
  return Object.keys(fields).length > 0 ? [message, fields] : [message];
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
