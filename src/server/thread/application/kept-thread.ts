import { isInstance } from "../../../errors.ts";
import type { About, Log } from "../../../log.ts";
import { unref } from "../../../timers.ts";
import { unpackError } from "../error-parcel.ts";
import type { FromApplication, ThreadPlace, ThreadStart } from "../messages.ts";
import type { Asking, Post } from "./questions.ts";
import { ServingThread } from "./serving-thread.ts";
import type { LogLine } from "./user-logger.ts";

/** What the threads of a server have in common, which follow one another. */
export interface KeptThreadParts {
  /** What each thread runs. */
  readonly file: URL;
  /** Makes what a thread is started with; `place` is where the one before it was. */
  readonly start: (restarts: number, place: ThreadPlace | undefined) => ThreadStart;
  /** Called for each thread that is started. */
  readonly answer: (post: Post) => Answerer;
  readonly log: Log;
  /** Whether the process may exit while the server listens. */
  readonly mayExit: boolean;
  /** How long a thread goes on before it closes, in milliseconds, unless it is asked twice. */
  readonly delayMs: number;
  /** How long it may then take to close, in milliseconds, before it is terminated. */
  readonly drainMs: number;
}

/** Answers the questions of one thread. */
export interface Answerer {
  take(message: Asking | LogLine): void;
  /** The thread has ended. */
  close(): void;
}

/** No thread can be started, or it ended before it said why it cannot serve; the cause is the reason. */
export class NoThreadError extends Error {}

/** How long the next thread waits at first when one has died, in milliseconds; then each time twice as long. */
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;

/** A thread that has served for longer than this was sound, in milliseconds. */
const SOUND_MS = 60_000;

/** The longest time that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What is logged of a thread that has died, as one fault. */
const DEATH = { kind: "thread", again: "The thread of the server works again" };

/** Why the next one cannot serve is news: its port may be taken, say. */
const NO_SUCCESSOR = { ...DEATH, name: "successor" };

const NOWHERE: ThreadPlace = { address: "", url: "", role: "alone" };

/** The thread of a server: when it dies, another takes its place, at the same address. */
export class KeptThread {
  /** Resolves when the server is closed. */
  readonly closed: Promise<void>;
  readonly #parts: KeptThreadParts;
  #onClosed = (): void => {};
  #place: ThreadPlace | undefined;
  #isTls = false;
  /** The thread that serves; `undefined` while there is none. */
  #thread: ServingThread | undefined;
  /** The thread that has not answered yet. */
  #starting: ServingThread | undefined;
  #restarts = 0;
  #delayMs = FIRST_DELAY_MS;
  #restart: NodeJS.Timeout | undefined;
  /** What waits for a reload. */
  readonly #reloads = new Map<number, () => void>();
  #nextReload = 0;
  #isClosing = false;
  #end: NodeJS.Timeout | undefined;
  #endsAt = Number.POSITIVE_INFINITY;

  private constructor(parts: KeptThreadParts) {
    this.#parts = parts;
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  /**
   * Starts a thread, and resolves when it serves.
   *
   * @throws {NoThreadError} Where there can be none.
   * @throws Why it cannot serve what it was asked to.
   */
  static async open(parts: KeptThreadParts): Promise<KeptThread> {
    const kept = new KeptThread(parts);
    await kept.#open();
    return kept;
  }

  get place(): ThreadPlace {
    return this.#place ?? NOWHERE;
  }

  /** Whether there is a thread, which has opened that place. */
  get isServing(): boolean {
    return this.#thread !== undefined;
  }

  get isTls(): boolean {
    return this.#isTls;
  }

  /** Tells the thread something. Returns whether there is one. */
  post(message: FromApplication): boolean {
    // One that starts was told what had been declared before, and reads the rest when it serves.
    const thread = this.#thread ?? this.#starting;
    thread?.post(message);
    return thread !== undefined;
  }

  /** Lets the thread close, or ends its delay if it does so already. */
  close(): Promise<void> {
    const isAgain = this.#isClosing;
    this.#isClosing = true;
    clearTimeout(this.#restart);
    if (this.#thread !== undefined) {
      this.#thread.post({ type: "close" });
      const { delayMs, drainMs } = this.#parts;
      // Somebody awaits it. A delay keeps no process alive that may exit.
      if (delayMs === 0 || isAgain) this.#thread.keepAlive(true);
      this.#terminateWithin(isAgain ? drainMs : delayMs + drainMs);
    } else if (this.#starting !== undefined) void this.#starting.terminate();
    else this.#onClosed();
    return this.closed;
  }

  /** Lets the thread read its files again; resolves when it has. */
  reload(): Promise<void> {
    const n = this.#nextReload++;
    return new Promise((resolve) => {
      if (!this.post({ type: "reload", n })) return resolve();
      this.#reloads.set(n, resolve);
      this.#thread?.keepAlive(true);
    });
  }

  async #open(): Promise<void> {
    const thread = this.#start();
    this.#starting = thread;
    const opening = await thread.opening;
    this.#starting = undefined;
    if (opening === undefined) throw noThread(await thread.ended);
    if (opening.type === "failed") {
      await thread.terminate();
      throw unpackError(opening.error);
    }
    this.#thread = thread;
    if (this.#parts.mayExit) thread.keepAlive(false);
    this.#place = opening;
    this.#isTls = opening.isTls;
    const openedAt = performance.now();
    void thread.ended.then((reason) => {
      clearTimeout(this.#end);
      this.#thread = undefined;
      if (performance.now() - openedAt > SOUND_MS) this.#delayMs = FIRST_DELAY_MS;
      this.#onEnded(
        "The thread of the server has died; another one takes its place",
        reason,
        DEATH,
      );
    });
  }

  #start(): ServingThread {
    const { file, start, answer } = this.#parts;
    const startedWith = start(this.#restarts, this.#place);
    let answerer: Answerer | undefined;
    try {
      const thread = new ServingThread(file, startedWith, (message) => {
        if (message.type === "closed") void this.#close(thread);
        else if (message.type === "place") this.#place = message;
        else if (message.type === "reloaded") this.#reloaded(message.n);
        else answerer?.take(message);
      });
      answerer = answer(thread.post);
      void thread.ended.then(() => answerer?.close());
      return thread;
    } catch (error) {
      throw noThread(error);
    }
  }

  /** Ends a thread that does not close. */
  #terminateWithin(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#endsAt) return;
    this.#endsAt = at;
    clearTimeout(this.#end);
    this.#end = setTimeout(() => void this.#thread?.terminate(), Math.min(ms, MAX_TIMER_MS));
    if (this.#parts.mayExit) unref(this.#end);
  }

  #reloaded(n: number): void {
    this.#reloads.get(n)?.();
    this.#reloads.delete(n);
    const { mayExit } = this.#parts;
    if (mayExit && this.#reloads.size === 0 && !this.#isClosing) this.#thread?.keepAlive(false);
  }

  /** The server in the thread has closed, asked to or not. */
  #close(thread: ServingThread): Promise<void> {
    this.#isClosing = true;
    return thread.terminate();
  }

  #onEnded(message: string, reason: unknown, about: About): void {
    for (const n of this.#reloads.keys()) this.#reloaded(n);
    if (this.#isClosing) {
      this.#onClosed();
      return;
    }
    const { log, mayExit } = this.#parts;
    log.error(message, reason, about);
    this.#restarts++;
    this.#restart = setTimeout(() => void this.#startAgain(), this.#delayMs);
    if (mayExit) unref(this.#restart);
    this.#delayMs = Math.min(2 * this.#delayMs, MAX_DELAY_MS);
  }

  async #startAgain(): Promise<void> {
    try {
      await this.#open();
      this.#parts.log.settled(DEATH.kind);
    } catch (error) {
      const reason = isInstance(error, NoThreadError) ? error.cause : error;
      this.#onEnded("Cannot start the thread of the server again", reason, NO_SUCCESSOR);
    }
  }
}

/** No thread can be started, because of `cause`. */
export function noThread(cause: unknown): NoThreadError {
  return new NoThreadError("Cannot start a thread", { cause });
}
