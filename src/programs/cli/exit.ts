/**
 * How the program ends for a reason other than a signal: with one line, or with an error that Node shows.
 * Both end with status 1.
 */
import { MetricsError } from "../../index.ts";
import type { ProgramLog } from "./log.ts";

/** A module that cannot be served; the message is one line, and says all. */
export class ExporterError extends Error {}

/** Ends the program with one line and status 1. It exits, because a module may keep the process alive. */
export function fail(message: string, log: ProgramLog): never {
  log.error(message);
  process.exit(1);
}

/**
 * Leaves an error to Node, which exits with status 1 and shows more than `error.stack` does: where in
 * the source a syntax error is, for example.
 */
export function crash(error: unknown): never {
  // Listeners of the module could keep the process alive with nothing to do.
  for (const event of FATAL_EVENTS) process.removeAllListeners(event);
  throw error;
}

/** What keeps an error from Node where somebody listens. */
const FATAL_EVENTS = ["uncaughtException", "unhandledRejection"] as const;

/** Ends the program with the error of a server that could not be opened. */
export function failOrCrash(error: unknown, log: ProgramLog): never {
  return isExpected(error) ? fail(error.message, log) : crash(error);
}

/** Whether an error says all in its message: of a file, of a port, or of options that exclude each other. */
function isExpected(error: unknown): error is Error {
  return error instanceof MetricsError || error instanceof TypeError || error instanceof RangeError;
}
