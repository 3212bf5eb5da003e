/** The base class of all errors of this package; the `code` identifies the kind. */
export class MetricsError extends Error {
  /** What went wrong, as a constant: part of the API, unlike the message. */
  readonly code: string;

  /** Makes an error; `options` may name its cause. */
  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Listening on an address failed; the `cause` is the error of the system. */
export class ListenError extends MetricsError {
  /** The address, as text. */
  readonly address: string;

  /** Makes the error for an address that the system refused with `cause`. */
  constructor(address: string, cause: unknown) {
    const reason = LISTEN_FAILURES[codeOf(cause)] ?? messageOf(cause);
    super("ERR_PROMHTTP_LISTEN", `Cannot listen on "${address}": ${reason}`, { cause });
    this.address = address;
  }
}

const LISTEN_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "address not available",
  EACCES: "permission denied",
  ERR_ACCESS_DENIED: "not permitted: Node needs --allow-net",
  ENOENT: "no such directory",
  ENOTFOUND: "host not found",
};

/** A file of settings cannot be read, understood or honoured. */
export class ConfigError extends MetricsError {
  /** The path of the file. */
  readonly file: string;
  /** The line that is at fault, from 1; `undefined` where it is the whole file. */
  readonly line: number | undefined;

  /** Makes the error for `file`; `reason` says what is wrong. */
  constructor(
    file: string,
    reason: string,
    { line, cause }: { readonly line?: number | undefined; readonly cause?: unknown } = {},
  ) {
    const place = line === undefined ? file : `${file}:${line}`;
    super("ERR_PROMHTTP_CONFIG", `Cannot use ${place}: ${reason}`, { cause });
    this.file = file;
    this.line = line;
  }
}

/** One or more collectors failed, so the scrape would be incomplete. */
export class GatherError extends MetricsError {
  /** What the collectors threw. */
  readonly errors: readonly unknown[];

  /** Makes the error for collectors that threw `errors`; the first is its cause. */
  constructor(message: string, errors: readonly unknown[]) {
    super("ERR_PROMHTTP_GATHER", message, { cause: errors[0] });
    this.errors = errors;
  }
}

/** The deadline of the scrape passed before it was complete. */
export class ScrapeTimeoutError extends MetricsError {
  /** Makes the error for a scrape that took longer than `timeoutMs` milliseconds. */
  constructor(timeoutMs: number) {
    super("ERR_PROMHTTP_SCRAPE_TIMEOUT", `The scrape took longer than ${Math.round(timeoutMs)} ms`);
  }
}

/**
 * Whether a thrown value is an instance of `type`. Unlike `instanceof` it never throws, which a proxy
 * can make that operator do.
 *
 * @internal
 */
export function isInstance<T>(thrown: unknown, type: new (...args: never) => T): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}

/**
 * The message of a thrown value, which may be anything.
 *
 * @internal
 */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}
