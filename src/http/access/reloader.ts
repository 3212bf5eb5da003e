/** Settings from files, which are loaded again when a file has changed. */
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { MaybePromise } from "../../maybe-promise.ts";
import { unref } from "../../timers.ts";
import { hasChanged, type Load, type Loaded, SETTLE_MS, SettledFiles } from "./settings-change.ts";

/** How often to look for changes, and how long a client waits for that, in milliseconds. */
const CHECK_MS = 1_000;

/** What a reloader is made of, beside its `load()`. */
export interface ReloaderParts<T> {
  readonly log: Log;
  /** What is loaded, in words: "the security settings". */
  readonly subject: string;
  /** Says why `next` may not replace `previous`; `undefined` if it may. */
  readonly refuse?: (previous: T, next: T) => string | undefined;
  /** Takes what replaces `current`, except the first. It must not throw. */
  readonly onLoaded: (next: T) => void;
}

/**
 * Keeps settings that come from files, and loads them again when somebody comes and a file has changed.
 * There is no timer: nothing happens while nobody comes.
 *
 * All is replaced at once, or nothing: files that cannot be used are logged, and the last good settings
 * stay. Files that are being written wait until they are whole. One reloader runs one load at a time.
 */
export class Reloader<T> {
  readonly #files: SettledFiles<T>;
  readonly #parts: ReloaderParts<T>;
  #current: T;
  /** The state of each file when it was read; undefined until all were good once. */
  #loaded: ReadonlyMap<string, string> | undefined;
  #nextCheckAt = 0;
  /** The work under way, which never rejects. */
  #work: Promise<void> | undefined;
  /** The load after that one, for those who have asked for it meanwhile. */
  #next: Promise<void> | undefined;
  /** What those who come wait for; absent when they have waited long enough. */
  #waiting: Promise<void> | undefined;
  #lastFault: string | undefined;
  #lastSuccessMs = Date.now();
  #isClosed = false;

  /** @param current Settings that are there already; the files are read when somebody comes. */
  constructor(load: Load<T>, parts: ReloaderParts<T>, current: T) {
    this.#files = new SettledFiles(load);
    this.#parts = parts;
    this.#current = current;
  }

  /**
   * Loads settings for the first time.
   *
   * @throws What `load` throws; a `ConfigError` when a file cannot be read, or never stops changing.
   */
  static async open<T>(load: Load<T>, parts: ReloaderParts<T>): Promise<Reloader<T>> {
    // Cast: nobody has the reloader before its settings are there.
    const reloader = new Reloader(load, parts, undefined as T);
    const { settings, states } = await reloader.#files.loadWhole();
    reloader.#current = settings;
    reloader.#loaded = states;
    reloader.#nextCheckAt = performance.now() + CHECK_MS;
    return reloader;
  }

  /** The settings of now. */
  get current(): T {
    return this.#current;
  }

  /** Whether the files were good when they were loaded last. */
  get isSuccessful(): boolean {
    return this.#lastFault === undefined;
  }

  /** When the files were good last, as a Unix time in seconds. */
  get lastSuccessSeconds(): number {
    return this.#lastSuccessMs / 1_000;
  }

  /**
   * Must be called when a client comes, and awaited before the client is judged: at most once a second, it
   * looks whether a file has changed. It never rejects, and takes at most a second, even where a disk hangs.
   */
  arrived(): MaybePromise<void> {
    if (this.#work !== undefined) return this.#waiting;
    if (performance.now() < this.#nextCheckAt || this.#isClosed) return undefined;
    this.#begin(this.#check());
    return this.#waiting;
  }

  /** Loads the files again, whether or not they have changed. It never rejects. */
  async reload(): Promise<void> {
    if (this.#work === undefined) return this.#reloadNow();
    // A load that has begun may have read the files before they changed; all who wait share the next.
    this.#next ??= this.#reloadLater();
    return this.#next;
  }

  /** Discards what is being loaded, and loads nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  async #reloadLater(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
    await this.#reloadNow();
  }

  #reloadNow(): Promise<void> | undefined {
    this.#next = undefined;
    this.#begin(this.#try(() => this.#files.loadWhole()));
    return this.#work;
  }

  #begin(work: Promise<void>): void {
    this.#waiting = new Promise((resolve) => {
      const stopWaiting = () => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve();
      };
      const timer = unref(setTimeout(stopWaiting, CHECK_MS));
      this.#work = work.finally(() => {
        this.#work = undefined;
        stopWaiting();
      });
    });
  }

  async #check(): Promise<void> {
    this.#nextCheckAt = performance.now() + CHECK_MS;
    // What was broken may have been repaired without a change: a folder whose mode kept us out.
    if (this.isSuccessful && this.#loaded !== undefined && !(await hasChanged(this.#loaded)))
      return;
    await this.#try(() => this.#files.load());
  }

  async #try(load: () => Promise<Loaded<T> | undefined>): Promise<void> {
    try {
      const loaded = await load();
      if (this.#isClosed) return;
      if (loaded === undefined) this.#nextCheckAt = performance.now() + SETTLE_MS;
      else this.#use(loaded);
    } catch (error) {
      if (!this.#isClosed) this.#fail(messageOf(error));
    }
  }

  #use({ settings, states }: Loaded<T>): void {
    const { log, refuse, onLoaded } = this.#parts;
    const fault = refuse?.(this.#current, settings);
    if (fault !== undefined) {
      this.#fail(fault);
      return;
    }
    this.#current = settings;
    this.#loaded = states;
    this.#lastSuccessMs = Date.now();
    this.#lastFault = undefined;
    onLoaded(settings);
    log.settled(RELOAD);
  }

  /** Logs a fault, unless it is still the same. */
  #fail(fault: string): void {
    if (fault === this.#lastFault) return;
    this.#lastFault = fault;
    const { log, subject } = this.#parts;
    const line = `Cannot reload ${subject}; the last good ones stay: ${printable(fault)}`;
    log.fault(line, { kind: RELOAD, name: line, again: `Reloaded ${subject}` });
  }
}

/** The kind of these faults in the log. */
const RELOAD = "reload";

/** A file may hold what a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
