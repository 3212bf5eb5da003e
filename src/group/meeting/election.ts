/**
 * Decides who answers for a group: whoever has its socket is the hub, and all others connect to it.
 *
 * Connecting is the only test of whether somebody is there. A process that finds nobody takes a lock, looks
 * again, and replaces the stale socket with its own. Others ignore a lock that is old, so holding one proves
 * nothing: a hub also checks that the socket is still its own (`seat.ts`).
 */
import type { Socket } from "node:net";
import type { Signal } from "../../abort.ts";
import { pause } from "../waiting.ts";
import { connect } from "./connect.ts";
import { withLock } from "./lock.ts";
import type { RuntimeFolder } from "./runtime-folder.ts";
import { lockOf, type Seat, socketOf, takeSeat } from "./seat.ts";

/** What became of a process. */
export type Elected =
  | { readonly role: "hub"; readonly seat: Seat }
  | { readonly role: "member"; readonly socket: Socket };

/**
 * Finds the hub of a group, or becomes it.
 *
 * It does not keep the process alive; a caller that needs the result must do that. A new hub must listen to the
 * connections of its seat in the turn in which this resolves.
 *
 * @throws The reason of the signal; or the error of the system, when the folder cannot be used.
 */
export async function elect(folder: RuntimeFolder, key: string, signal: Signal): Promise<Elected> {
  while (true) {
    signal.throwIfAborted();
    const elected = await tryOnce(folder, key);
    if (elected !== undefined && !signal.aborted) return elected;
    if (elected?.role === "hub") await elected.seat.leave();
    if (elected?.role === "member") elected.socket.destroy();
    await pause(randomPauseMs(), signal);
  }
}

/**
 * Finds the hub of a group, without standing for election.
 *
 * @param limitMs How long it looks for one at most; it may be `Infinity`.
 * @returns A connection to it; `undefined` if there is none.
 * @throws The reason of the signal; or the error of the system.
 */
export async function findHub(
  folder: RuntimeFolder,
  key: string,
  signal: Signal,
  limitMs: number,
): Promise<Socket | undefined> {
  const until = performance.now() + limitMs;
  for (let tries = 1; performance.now() < until; tries++) {
    signal.throwIfAborted();
    const found = await connect(socketOf(folder, key));
    if (typeof found === "object") {
      if (!signal.aborted) return found;
      found.destroy();
    }
    // There may never be one.
    await pause(Math.min(tries, MAX_PAUSES) * randomPauseMs(), signal);
  }
  return undefined;
}

/** How many times as long the last pauses are. */
const MAX_PAUSES = 20;

async function tryOnce(folder: RuntimeFolder, key: string): Promise<Elected | undefined> {
  const path = socketOf(folder, key);
  const found = await connect(path);
  if (typeof found === "object") return { role: "member", socket: found };
  if (found === "busy") return undefined;
  // Something may have removed the folder, too.
  folder.reopen();
  return withLock(lockOf(folder, key), async (isHeld): Promise<Elected | undefined> => {
    const second = await connect(path);
    if (typeof second === "object") return { role: "member", socket: second };
    if (second === "busy") return undefined;
    const seat = await takeSeat(folder, key, isHeld);
    return seat && { role: "hub", seat };
  });
}

/** How long a process waits before it tries again: not as long as others who began with it. */
const PAUSE_MS = { min: 20, max: 70 };

function randomPauseMs(): number {
  const { min, max } = PAUSE_MS;
  return min + Math.random() * (max - min);
}
