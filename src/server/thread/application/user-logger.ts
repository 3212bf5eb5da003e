import { toField } from "../../../log/shown-error.ts";
import { callLogger, type Logger } from "../../../log.ts";
import { type ErrorParcel, unpackError } from "../error-parcel.ts";
import type { FromServer } from "../messages.ts";

/** A line of the thread for the logger of the user. */
export type LogLine = Extract<FromServer, { readonly type: "log" }>;

/** Makes the function that passes lines on to a logger. It never throws. */
export function createLineWriter(logger: Logger | false): (line: LogLine) => void {
  return ({ level, args }) => {
    if (logger !== false) callLogger(logger, level, () => args.map(unpackFields));
  };
}

/** Errors are all that fields have of objects. */
function unpackFields(arg: unknown): unknown {
  if (typeof arg !== "object" || arg === null) return arg;
  const fields = Object.entries(arg).map(([key, value]) => [
    key,
    isParcel(value) ? toField(unpackError(value), value.stack !== undefined) : value,
  ]);
  return Object.fromEntries(fields);
}

function isParcel(value: unknown): value is ErrorParcel {
  return typeof value === "object" && value !== null && "kind" in value && "message" in value;
}
