/**
 * The mark in the environment, by which a process finds out what those above it do.
 *
 * It is left before the application runs, because that may start processes and threads at any time, and
 * before this process has met anybody. It is there from the parent, and says whose children report.
 */
import { MARK_VARIABLE, readEnvironment as readProcess } from "../../group/environment.ts";
import { findGroup } from "../../group/meeting/group-key.ts";
import { type Mark, NOBODY, readMark, writeMark } from "../../group/meeting/mark.ts";
import type { Inviter } from "./role.ts";
import { addressText, type Environment, hasWorkers } from "./variables.ts";

/** Whether a process started with a mark, whatever it says. */
export function hasMark(env: Environment): boolean {
  return env[MARK_VARIABLE] !== undefined;
}

/** Reads who has left the mark that a process started with; `undefined` if nobody serves. */
export function inviterOf(env: Environment): Inviter | undefined {
  const mark = readMark(env[MARK_VARIABLE]);
  if (mark === undefined) return undefined;
  // It comes from wherever somebody called pm2, which starts applications of their own.
  if (readProcess().pm2Name !== undefined && mark.pid !== process.ppid) return undefined;
  return { pid: mark.pid, package: mark.package, hasGroup: mark.groups.length > 0 };
}

/** A hash of the package that the script of this process belongs to; `""` if there is none. */
export function packageOfProcess(): string {
  return markOf("").package;
}

/** Whether a process above has said why it cannot serve, or waits for a client library. */
export function isUnserved(env: Environment): boolean {
  return env[MARK_VARIABLE] === NOBODY;
}

/** Tells child processes that this one does not serve. */
export function markUnserved(): void {
  process.env[MARK_VARIABLE] = NOBODY;
}

/**
 * Tells child processes and threads that this process takes part.
 *
 * @param env The variables that it started with.
 */
export function leaveMark(env: Environment): void {
  const { pid } = process;
  process.env[MARK_VARIABLE] = hasWorkers(env) ? writeMark(markOf(addressText(env))) : `${pid}`;
}

function markOf(address: string): Mark {
  return findGroup({ environment: readProcess(), group: undefined, address }).mark;
}
