/** What stands in the thread of a server for functions of the user, which run in that of the application. */
import type { Logger, LoggerStyle } from "../../../log.ts";
import type { AuthOptions } from "../../../options/security.ts";
import { packError } from "../error-parcel.ts";
import type { FromServer } from "../messages.ts";
import type { Conversation } from "./conversation.ts";
import { replyInTime } from "./patience.ts";

type Line = Extract<FromServer, { readonly type: "log" }>;

/** Makes a logger of the style of the user's, which gets the lines when its event loop turns. */
export function createStandInLogger(style: LoggerStyle, tell: (line: Line) => void): Logger {
  const at =
    (level: Line["level"]) =>
    (...args: readonly unknown[]) =>
      tell({ type: "log", level, args: args.map(packed) });
  return {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    ...(style === "fields-first" && { bindings() {} }),
    ...(style === "text" && { dir() {}, groupEnd() {} }),
  };
}

/** Errors are all that fields have of objects. */
function packed(arg: unknown): unknown {
  if (typeof arg !== "object" || arg === null) return arg;
  const fields = Object.entries(arg);
  return Object.fromEntries(
    fields.map(([key, value]) => [key, value instanceof Error ? packError(value) : value]),
  );
}

/** How long the function of the user may take, in milliseconds; what waits for it gives up then, too. */
const AUTHORIZE_MS = 5_000;

/** Makes what decides on requests by the user's own function. It rejects where that cannot be asked. */
export function createStandInAuthorize(
  conversation: Conversation,
): NonNullable<AuthOptions["authorize"]> {
  return async ({ certificate, ...others }) => {
    // A copy: what is around a view in memory would be sent with it.
    const request = { ...others, certificate: certificate && new Uint8Array(certificate.raw) };
    const question = conversation.ask<boolean>({ type: "authorize", request });
    const isAllowed = await replyInTime(question, conversation, {
      signal: AbortSignal.timeout(AUTHORIZE_MS),
      deadlineMs: Date.now() + AUTHORIZE_MS,
      hasLast: () => true,
    });
    if (isAllowed !== undefined) return isAllowed;
    // It may have begun.
    conversation.drop(question, false);
    throw new Error("The event loop of the application is stuck");
  };
}
