import { inspect } from "../node.ts";

/** The most characters that a line of the log shows of an error. */
const MAX_LENGTH = 300;

/** How many causes of an error are shown with it. */
const MAX_CAUSES = 5;

const CANNOT_BE_SHOWN = "an error that cannot be shown";

/** Shows a thrown value, which may be anything, with its stack and its causes. It never throws. */
export function showWhole(error: unknown): string {
  return tryTo(() => inspect(error), CANNOT_BE_SHOWN);
}

/** Shows a thrown value in one line of bounded length. It never throws. */
export function showShort(error: unknown): string {
  return tryTo(
    () => (isErrorLike(error) ? titleOf(error) : shorten(inspect(error))),
    CANNOT_BE_SHOWN,
  );
}

/**
 * Where an error was thrown: the first line of its stack, or an empty text. The same fault has the
 * same origin each time, even if its message has a number in it.
 */
export function originOf(error: unknown): string {
  const find = () => (isErrorLike(error) ? /\n\s+at .*/.exec(String(error.stack))?.[0] : undefined);
  return tryTo(find, undefined) ?? "";
}

/**
 * Makes an error for a field of a log line. Loggers write fields as JSON, in which the message and the
 * stack of an error are missing, so that this one has them as entries. It never throws.
 *
 * @param hasStack Whether to show the stack and the causes.
 */
export function toField(error: unknown, hasStack: boolean): object {
  return tryTo(
    () => fieldOf(error, hasStack ? MAX_CAUSES : 0, hasStack),
    new Error(CANNOT_BE_SHOWN),
  );
}

/** An error of any realm, and what looks like one. */
interface ErrorLike {
  readonly name?: unknown;
  readonly message: string;
  readonly stack?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === "object" && value !== null && "message" in value && isText(value.message);
}

function fieldOf(error: unknown, causes: number, hasStack: boolean): object {
  const isLike = isErrorLike(error);
  const { name, stack, code, cause }: Partial<ErrorLike> = isLike ? error : {};
  const entries = {
    name: isText(name) ? name : "Error",
    message: isLike ? messageOf(error) : shorten(inspect(error)),
    // Without it, the field would inherit one, or a logger would make one.
    stack: hasStack && isText(stack) ? stack : undefined,
    ...(code !== undefined && { code }),
    ...(cause !== undefined && causes > 0 && { cause: fieldOf(cause, causes - 1, hasStack) }),
  };
  // Some loggers ask whether it is an error, and of which class.
  const prototype: object | null = isLike ? Object.getPrototypeOf(error) : null;
  const field: object = Object.create(prototype instanceof Error ? prototype : Error.prototype);
  for (const [key, value] of Object.entries(entries)) {
    Object.defineProperty(field, key, { value, enumerable: value !== undefined });
  }
  return field;
}

function titleOf(error: ErrorLike): string {
  const name = isText(error.name) ? error.name : "Error";
  const message = messageOf(error);
  return message === "" ? name : `${name}: ${message}`;
}

/** Where an error of several has no message of its own, as that of a refused connection: the first. */
function messageOf({ message, errors, code }: ErrorLike): string {
  if (message !== "") return shorten(message);
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (isErrorLike(first)) return shorten(first.message);
  return isText(code) ? code : "";
}

function shorten(text: string): string {
  // Before the line feeds are replaced, because a message may have megabytes.
  const line = text.slice(0, 2 * MAX_LENGTH).replace(/\s*[\r\n]\s*/g, " ");
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function tryTo<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
