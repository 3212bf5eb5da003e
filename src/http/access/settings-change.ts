/** Loads settings from files, and tells whether a file has changed or is being written. */
import { ConfigError } from "../../errors.ts";
import type { MaybePromise } from "../../maybe-promise.ts";
import { nodeModule } from "../../node.ts";
import { checkStats, type FileStats, unreadable } from "./settings-file.ts";

/** A file that has changed within this time is still being written, in milliseconds. */
export const SETTLE_MS = 100;

/** The same on a disk that knows no parts of a second: what follows within one would not be noticed. */
const COARSE_SETTLE_MS = 1_000 + SETTLE_MS;

/** How long to wait for files that change all the time, in milliseconds, where they must be loaded. */
const PATIENCE_MS = 5_000;

/** Reads a file that settings depend on. It rejects with a `ConfigError`. */
export type ReadFile = (file: string) => Promise<Buffer>;

/** Makes settings of files; what `read` was called for is what is checked for changes. */
export type Load<T> = (read: ReadFile) => MaybePromise<T>;

/** Settings, and what they were made of. */
export interface Loaded<T> {
  readonly settings: T;
  /** The state of each file when it was read. */
  readonly states: ReadonlyMap<string, string>;
}

/** Loads settings, but only of files that nobody is writing. */
export class SettledFiles<T> {
  readonly #load: Load<T>;
  /** Since when each file has been seen in its state, by `performance.now()`. */
  #seen: ReadonlyMap<string, Sighting> = new Map();

  constructor(load: Load<T>) {
    this.#load = load;
  }

  /**
   * Loads the settings.
   *
   * @returns `undefined` if a file is being written.
   * @throws What `load` throws.
   */
  async load(): Promise<Loaded<T> | undefined> {
    const now = performance.now();
    const seen = new Map<string, Sighting>();
    let isSettled = true;
    const read: ReadFile = async (file) => {
      const stats = await statOf(file);
      const state = stateOf(stats);
      const before = this.#seen.get(file);
      const since = before?.state === state ? before.since : now;
      // Of several reads the first counts: then all are of one state, or the last check fails.
      if (!seen.has(file)) seen.set(file, { state, since });
      // The greater counts: the clock of its disk may be ahead of ours.
      if (Math.max(ageOf(stats), now - since) < settleMsOf(stats)) isSettled = false;
      return readSettings(file, stats);
    };
    const outcome = await Promise.resolve(read)
      .then(this.#load)
      .then(
        (settings) => ({ settings }),
        (error: unknown) => ({ error }),
      );
    this.#seen = seen;
    const states = new Map(Array.from(seen, ([file, { state }]) => [file, state]));
    // Whatever it says of half a file does not count.
    if (!isSettled || (await hasChanged(states))) return undefined;
    if ("error" in outcome) throw outcome.error;
    return { ...outcome, states };
  }

  /**
   * Loads the settings as soon as nobody is writing a file.
   *
   * @throws What `load` throws; a `ConfigError` when that takes too long.
   */
  async loadWhole(): Promise<Loaded<T>> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const loaded = await this.load();
      if (loaded !== undefined) return loaded;
      const [file = ""] = this.#seen.keys();
      if (performance.now() > end) throw new ConfigError(file, "something keeps writing it");
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
  }
}

/** A file in a state. */
interface Sighting {
  readonly state: string;
  readonly since: number;
}

/** How long ago a file was written, in milliseconds; negative if in the future. */
function ageOf(stats: FileStats): number {
  return stats instanceof Error ? Number.POSITIVE_INFINITY : Date.now() - Number(stats.mtimeMs);
}

function settleMsOf(stats: FileStats): number {
  const isCoarse = !(stats instanceof Error) && stats.mtimeNs % 1_000_000_000n === 0n;
  return isCoarse ? COARSE_SETTLE_MS : SETTLE_MS;
}

/** Whether a file is in another state than it was. */
export async function hasChanged(states: ReadonlyMap<string, string>): Promise<boolean> {
  const changes = [...states].map(async ([file, state]) => stateOf(await statOf(file)) !== state);
  return (await Promise.all(changes)).includes(true);
}

/** Returns the stat of a file. It never rejects. */
export async function statOf(file: string): Promise<FileStats> {
  try {
    return await nodeModule("node:fs/promises").stat(file, { bigint: true });
  } catch (error) {
    // Cast: it rejects with nothing else.
    return error as Error;
  }
}

/** What differs when a file has been written or replaced, even within one second by as many bytes. */
function stateOf(stats: FileStats): string {
  if (stats instanceof Error) return String((stats as NodeJS.ErrnoException).code);
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** Reads a file, unless it must not be read: a pipe would keep us waiting forever. */
async function readSettings(file: string, stats: FileStats): Promise<Buffer> {
  checkStats(file, stats);
  const { open, constants } = nodeModule("node:fs/promises");
  try {
    // Meanwhile a pipe may have taken its place: without this flag, which Windows lacks, it would hold a
    // thread forever, and the process at its end.
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      checkStats(file, await handle.stat({ bigint: true }));
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(file, error);
  }
}
