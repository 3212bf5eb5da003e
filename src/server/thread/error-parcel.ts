/**
 * Errors on their way to another thread. What is cloned there as it is would lose its class and its fields, and
 * could not be sent at all where one of these is a function.
 */
import {
  ConfigError,
  GatherError,
  isInstance,
  ListenError,
  MetricsError,
  ScrapeTimeoutError,
} from "../../errors.ts";
import { inspect } from "../../node.ts";
import { QueryError, UnavailableError } from "../../scrape/failure.ts";

/** What is left of a thrown value when it goes to another thread. */
export interface ErrorParcel {
  /** The class that it is an instance of: one of JavaScript, or of ours. */
  readonly kind: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause?: ErrorParcel | undefined;
  /** Those of an `AggregateError` or a `GatherError`. */
  readonly errors?: readonly ErrorParcel[] | undefined;
  /** Its other own properties that are plain values, such as `code`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

type ErrorClass = new (...args: never) => Error;

/** The more special ones first. */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  ConfigError,
  GatherError,
  ListenError,
  ScrapeTimeoutError,
  MetricsError,
  QueryError,
  UnavailableError,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  Error,
};

/** The class of a thrown value that is not an error. */
const NO_ERROR = "";

/** How many errors are sent within another; a chain of causes may be a circle. */
const MAX_DEPTH = 5;

/** How many errors of an `AggregateError` are sent. */
const MAX_ERRORS = 20;

/** How much of a message or a stack is sent, in characters. */
const MAX_LENGTH = 16 * 1_024;

const OWN_PARTS: readonly string[] = ["name", "message", "stack", "cause", "errors"];

const PLAIN_TYPES: readonly string[] = ["string", "number", "boolean", "bigint", "undefined"];

const CANNOT_BE_READ: ErrorParcel = {
  kind: "Error",
  name: "Error",
  message: "An error that cannot be read",
  stack: undefined,
  fields: {},
};

/** Packs a thrown value, which may be anything. It never throws. */
export function packError(thrown: unknown, depth: number = MAX_DEPTH): ErrorParcel {
  try {
    return isInstance(thrown, Error) ? packed(thrown, depth) : packedValue(thrown);
  } catch {
    return CANNOT_BE_READ;
  }
}

/** Makes an error of the same class, with what else was sent of it; of any other object a text. */
export function unpackError({ kind, name, message, ...parts }: ErrorParcel): unknown {
  const { stack, cause, errors, fields } = parts;
  if (kind === NO_ERROR) return fields["value"];
  const prototype = (CLASSES[kind] ?? Error).prototype;
  const error: Error = Object.setPrototypeOf(new Error(message), prototype);
  // Not enumerable, as those of an error that was thrown here.
  const own = {
    stack,
    ...(name !== prototype.name && { name }),
    ...(cause !== undefined && { cause: unpackError(cause) }),
    ...(errors !== undefined && { errors: errors.map(unpackError) }),
  };
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, { value, writable: true, configurable: true });
  }
  return Object.assign(error, fields);
}

function packed(error: Error, depth: number): ErrorParcel {
  const { name, message, stack, cause } = error;
  const { errors } = error as { readonly errors?: unknown };
  const [kind = "Error"] =
    Object.entries(CLASSES).find(([, type]) => isInstance(error, type)) ?? [];
  return {
    kind,
    name: String(name),
    message: shorten(String(message)),
    stack: typeof stack === "string" ? shorten(stack) : undefined,
    ...(cause !== undefined && depth > 0 && { cause: packError(cause, depth - 1) }),
    ...(Array.isArray(errors) &&
      depth > 0 && { errors: errors.slice(0, MAX_ERRORS).map((one) => packError(one, depth - 1)) }),
    fields: plainFields(error),
  };
}

function packedValue(thrown: unknown): ErrorParcel {
  const value = isPlain(thrown) ? thrown : inspect(thrown);
  const fields = { value: typeof value === "string" ? shorten(value) : value };
  return { ...CANNOT_BE_READ, kind: NO_ERROR, fields };
}

function plainFields(error: Error): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error)) {
    if (OWN_PARTS.includes(key) || !isPlain(value)) continue;
    fields[key] = typeof value === "string" ? shorten(value) : value;
  }
  return fields;
}

function isPlain(value: unknown): boolean {
  return value === null || PLAIN_TYPES.includes(typeof value);
}

function shorten(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
