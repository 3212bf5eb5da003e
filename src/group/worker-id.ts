/**
 * One text for a worker, the same everywhere: in what a member says, in the ledger, in names of files.
 * Ids of processes come again, so it has the time at which the process started. One process may take part
 * several times, with several registries: `.1` and so on tells those apart.
 */
import { nodeModule } from "../node.ts";
import { VERSION } from "../version.ts";
import { processExists, readEnvironment, startSeconds } from "./environment.ts";
import type { WorkerFacts } from "./messages.ts";

/** The parts of a worker's id. */
export interface WorkerIdParts {
  readonly pid: number;
  /** Clock ticks since the system started, or `s` and seconds since 1970 where nobody can look them up. */
  readonly start: string;
  readonly thread: number;
}

let own: string | undefined;

/** The id of this process or thread. */
export function ownWorkerId(): string {
  if (own === undefined) {
    const { pid, thread } = readEnvironment();
    own = `${pid}-${ownStart(pid)}-${thread}`;
  }
  return own;
}

/** Counts the parts that this process or thread takes, for all copies of this package that it has loaded. */
const COUNT = Symbol.for("promhttp.workers");

/** The id of the next part that this process or thread takes in a group. */
export function nextWorkerId(): string {
  const counts: typeof globalThis & { [COUNT]?: number } = globalThis;
  const count = counts[COUNT] ?? 0;
  counts[COUNT] = count + 1;
  return count === 0 ? ownWorkerId() : `${ownWorkerId()}.${count}`;
}

/** Who this process or thread is in the next part that it takes. */
export function nextWorkerFacts(): WorkerFacts {
  const { pid, thread, id } = readEnvironment();
  return { worker: nextWorkerId(), pid, thread, id, version: VERSION };
}

/** Reads a worker's id; `undefined` if it is not one. */
export function parseWorkerId(text: string): WorkerIdParts | undefined {
  const { pid, start, thread } = WORKER_ID.exec(text)?.groups ?? {};
  if (pid === undefined || start === undefined) return undefined;
  return { pid: Number(pid), start, thread: Number(thread) };
}

const WORKER_ID = /^(?<pid>[1-9]\d{0,9})-(?<start>s?\d{1,20})-(?<thread>\d{1,9})(?:\.\d{1,5})?$/;

/**
 * Whether the process of a worker runs, as far as this process can tell. A thread of it may have ended:
 * only its connection tells.
 */
export function isRunning(id: string): boolean {
  const parts = parseWorkerId(id);
  if (parts === undefined || isFormer(id, ownWorkerId()) || !processExists(parts.pid)) return false;
  if (parts.start.startsWith("s") || !isProcOurs()) return true;
  const found = readStat(`${parts.pid}`);
  return found !== undefined && !found.isZombie && found.start === parts.start;
}

/** Whether the process of a worker has ended, because that of another has its number. */
export function isFormer(id: string, other: string): boolean {
  const [parts, others] = [parseWorkerId(id), parseWorkerId(other)];
  if (parts === undefined || parts.pid !== others?.pid) return false;
  const seconds = [parts.start, others.start].map((start) => Number(/^s(\d+)$/.exec(start)?.[1]));
  const apart = Math.abs((seconds[0] as number) - (seconds[1] as number));
  // Each thread works out for itself when its process has started.
  return Number.isNaN(apart) ? parts.start !== others.start : apart > MAX_DRIFT_SECONDS;
}

const MAX_DRIFT_SECONDS = 2;

function ownStart(pid: number): string {
  const stat = readStat("self");
  return stat?.pid === pid ? stat.start : `s${startSeconds()}`;
}

/** Whether `/proc` is of the same namespace as our ids: a container may see that of its host. */
function isProcOurs(): boolean {
  return parseWorkerId(ownWorkerId())?.start.startsWith("s") === false;
}

interface Stat {
  readonly pid: number;
  readonly start: string;
  /** Whether it has ended, and its parent has not taken note. */
  readonly isZombie: boolean;
}

function readStat(process: string): Stat | undefined {
  try {
    return parseStat(nodeModule("node:fs").readFileSync(`/proc/${process}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads a line of `/proc/<pid>/stat`. The second field is a name in parentheses, which may have any text. */
export function parseStat(line: string): Stat | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  // The state is field 3, the start time field 22.
  const [state = "", start = ""] = [fields[0], fields[19]];
  if (!/^\d+$/.test(start)) return undefined;
  return { pid: Number.parseInt(line, 10), start, isZombie: /^[ZXx]/.test(state) };
}
