/** The socket of a hub: a place that one process at a time can have. */
import type { Server } from "node:net";
import { LightSignal } from "../../abort.ts";
import { nodeModule } from "../../node.ts";
import { onExit, processExists } from "../environment.ts";
import { pause } from "../waiting.ts";
import { connect } from "./connect.ts";
import { withLock } from "./lock.ts";
import { type FileId, fileIdOf, listenUnderOwnName, type OwnSocket } from "./own-socket.ts";
import type { RuntimeFolder } from "./runtime-folder.ts";

/** What has become of the place of a hub. */
type SeatState = "ours" | "taken" | "gone";

/** How often a hub tries to get the lock for a new socket, and how long it waits between, in milliseconds. */
const LOCK_TRIES = 10;
const LOCK_PAUSE_MS = 10;

const NEVER = new LightSignal();

/** The place of a hub. */
export interface Seat {
  /** Emits every connection, including those to a socket that has replaced the first. */
  readonly server: Server;
  /**
   * Checks whether the socket is still ours, and replaces it if it is gone, because something cleans the
   * folder. `"gone"` means that this has failed for now.
   */
  check(): Promise<SeatState>;
  /** Checks without a pause, and replaces nothing: for exit handlers, and before something is written. */
  checkNow(): SeatState;
  /** Stops listening. The socket is removed before this returns, if it is ours. */
  leave(): Promise<void>;
}

/**
 * Takes the place of a hub that is gone.
 *
 * @param isHeld Whether the lock is held, without which nobody may do this.
 * @returns `undefined` if the lock was lost, or if another process has the place now.
 */
export async function takeSeat(
  folder: RuntimeFolder,
  key: string,
  isHeld: () => boolean,
): Promise<Seat | undefined> {
  const socket = await takePlace(folder, key, isHeld);
  if (socket === undefined) return undefined;
  removeLeftovers(folder, key);
  return new HubSeat(folder, key, socket);
}

class HubSeat implements Seat {
  readonly server: Server;
  readonly #folder: RuntimeFolder;
  readonly #key: string;
  #current: OwnSocket;
  #renewal: Promise<SeatState> | undefined;
  #hasLeft = false;
  readonly #stopWatchingExit: () => void;

  constructor(folder: RuntimeFolder, key: string, socket: OwnSocket) {
    this.#folder = folder;
    this.#key = key;
    this.#current = socket;
    this.server = socket.server;
    // After the callbacks of whoever has stood for election: what only a hub may write must be written first.
    this.#stopWatchingExit = onExit(() => this.#removeSocket());
  }

  checkNow(): SeatState {
    if (this.#hasLeft) return "gone";
    return stateOf(socketOf(this.#folder, this.#key), this.#current.id);
  }

  async check(): Promise<SeatState> {
    const state = this.checkNow();
    if (state !== "gone" || this.#hasLeft) return state;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renew(): Promise<SeatState> {
    const [folder, key] = [this.#folder, this.#key];
    try {
      folder.reopen();
      const renew = async (isHeld: () => boolean): Promise<SeatState> => {
        const other = await connect(socketOf(folder, key));
        if (typeof other === "object") {
          other.destroy();
          return this.checkNow();
        }
        if (other === "busy") return "gone";
        const socket = await takePlace(folder, key, isHeld);
        if (socket === undefined) return this.checkNow();
        this.#replace(socket);
        return this.checkNow();
      };
      for (let triesLeft = LOCK_TRIES; triesLeft > 0 && !this.#hasLeft; triesLeft--) {
        const renewed = await withLock(lockOf(folder, key), renew);
        if (renewed !== undefined) return renewed;
        // Somebody stands for election, and will have the place or find it free.
        await pause(LOCK_PAUSE_MS, NEVER);
      }
      return "gone";
    } catch {
      // The next scrape tries again.
      return "gone";
    }
  }

  #replace(socket: OwnSocket): void {
    socket.server.on("connection", (connection) => this.server.emit("connection", connection));
    if (this.#current.server !== this.server) this.#current.server.close();
    this.#current = socket;
    if (this.#hasLeft) void this.leave();
  }

  #removeSocket(): void {
    const path = socketOf(this.#folder, this.#key);
    try {
      if (stateOf(path, this.#current.id) === "ours") nodeModule("node:fs").unlinkSync(path);
    } catch {
      // It is stale from now on, as after a SIGKILL.
    }
  }

  leave(): Promise<void> {
    this.#hasLeft = true;
    this.#stopWatchingExit();
    this.#removeSocket();
    if (this.#current.server !== this.server) this.#current.server.close();
    return new Promise((resolve) => {
      // An error would say that it is closed.
      this.server.close(() => resolve());
    });
  }
}

/** The path of the socket of a group. */
export function socketOf(folder: RuntimeFolder, key: string): string {
  return `${folder.path}/${key}.sock`;
}

/** The path of the lock of a group. */
export function lockOf(folder: RuntimeFolder, key: string): string {
  return `${folder.path}/${key}.lock`;
}

/** Puts a socket of our own where that of the hub was. */
async function takePlace(
  folder: RuntimeFolder,
  key: string,
  isHeld: () => boolean,
): Promise<OwnSocket | undefined> {
  const { renameSync } = nodeModule("node:fs");
  const path = socketOf(folder, key);
  const socket = await listenUnderOwnName(`${folder.path}/${key}`);
  try {
    // In one turn: every pause is a time in which this process may be stopped, and lose the lock.
    if (isHeld()) {
      renameSync(socket.path, path);
      if (stateOf(path, socket.id) === "ours") return socket;
    }
  } catch (error) {
    socket.server.close();
    throw error;
  }
  socket.server.close();
  return undefined;
}

/** What a path is to the owner of a file. */
function stateOf(path: string, own: FileId): SeatState {
  const found = fileIdOf(path);
  if (found === undefined) return "gone";
  return found.dev === own.dev && found.ino === own.ino ? "ours" : "taken";
}

/** Removes the sockets of processes that were killed before theirs had its place. */
function removeLeftovers(folder: RuntimeFolder, key: string): void {
  const { readdirSync, rmSync } = nodeModule("node:fs");
  for (const name of readdirSync(folder.path)) {
    const pid = name.startsWith(`${key}.`) ? OWN_NAME.exec(name)?.[1] : undefined;
    if (pid === undefined || processExists(Number(pid))) continue;
    rmSync(`${folder.path}/${name}`, { force: true });
  }
}

const OWN_NAME = /^[^.]+\.(\d+)-\d+-\d+\.sock$/;
