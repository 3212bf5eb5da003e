import type { MessagePort } from "node:worker_threads";
import { unpackError } from "../error-parcel.ts";
import { BEAT_MS, type Heartbeat } from "../heartbeat.ts";
import type { Answer, FromApplication, FromServer } from "../messages.ts";

/** The questions among what a server says. */
type Asking = Extract<FromServer, { readonly type: "want" | "authorize" | "probe" }>;

/** A question before it has its number. */
type Unasked<Message> = Message extends Asking ? Omit<Message, "n"> : never;

/** What the application says to a question. */
export type Reply = Exclude<Extract<FromApplication, { readonly n: number }>, { type: "reload" }>;

/** Whether a message belongs to a question. */
export function isReply(message: FromApplication): message is Reply {
  return "n" in message && message.type !== "reload";
}

/** How often the application may be asked to beat, in milliseconds: seldom, if its timers run. */
export const KNOCK_MS: number = 1.5 * BEAT_MS;

/** What has been asked, and not answered. */
export interface Question<T> {
  readonly n: number;
  readonly type: Asking["type"];
  readonly reply: Promise<T>;
  /** Whether the application has begun: its event loop turns, and its collectors take a while. */
  readonly isCollecting: boolean;
}

interface OpenQuestion extends Question<unknown> {
  isCollecting: boolean;
  readonly settle: (reply: unknown) => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * The questions of a server to its application. Each has a number, and all of them together one cell of shared
 * memory, which tells the application what nobody waits for any longer: it may be stuck while it is asked.
 */
export class Conversation {
  readonly heartbeat: Heartbeat;
  readonly #port: MessagePort;
  readonly #apply: (answer: Answer) => Promise<unknown>;
  /** By their numbers, in their order. */
  readonly #open = new Map<number, OpenQuestion>();
  #last = 0;
  /** The last beat before the last knock. */
  #knockedAt: bigint | undefined;

  /** @param apply Takes the answer to a `want`, whether or not somebody waits for it; returns its reply. */
  constructor(
    port: MessagePort,
    heartbeat: Heartbeat,
    apply: (answer: Answer) => Promise<unknown>,
  ) {
    this.#port = port;
    this.heartbeat = heartbeat;
    this.#apply = apply;
    heartbeat.firstOpen = 1;
  }

  /** Says what needs no answer. */
  tell(message: FromServer): void {
    this.#port.postMessage(message);
  }

  /**
   * Lets the application beat when it reads this, where it has not lately: fake timers of a test may have stopped its
   * own. One that is stuck reads nothing, and is told no more.
   */
  knock(): void {
    const { beatAt } = this.heartbeat;
    if (beatAt === this.#knockedAt || this.heartbeat.ageMs() < KNOCK_MS) return;
    this.#knockedAt = beatAt;
    this.tell({ type: "knock" });
  }

  /** Asks; what is asked decides what the reply is. */
  ask<T>(question: Unasked<Asking>): Question<T> {
    const n = ++this.#last;
    let settle: OpenQuestion["settle"] = () => {};
    let refuse: OpenQuestion["refuse"] = () => {};
    const reply = new Promise<unknown>((...ends) => {
      [settle, refuse] = ends;
    });
    // Whoever has asked may no longer wait.
    reply.catch(() => {});
    const asked = { n, type: question.type, reply, settle, refuse, isCollecting: false };
    this.#open.set(n, asked);
    this.tell({ ...question, n });
    return asked as Question<T>; // Its type is that of what the application replies.
  }

  /** Notes that a reply is of no use any longer. The application need not begin; what it has begun it may end. */
  leave({ n }: Question<unknown>): void {
    this.#open.delete(n);
    this.#tellFirst();
  }

  /** Stops what the application has begun; its reply is taken, if there is one. */
  abandon({ n }: Question<unknown>, isLate: boolean): void {
    if (this.#open.has(n)) this.tell({ type: "abandon", n, isLate });
  }

  /** Stops what the application has begun, and notes that its reply is of no use. */
  drop(question: Question<unknown>, isLate: boolean): void {
    this.abandon(question, isLate);
    this.leave(question);
  }

  /** Takes a reply of the application. */
  receive(reply: Reply): void {
    const question = this.#open.get(reply.n);
    // To apply an answer may take a while, too.
    if (question !== undefined) question.isCollecting = true;
    if (reply.type === "collecting") {
      this.#tellFirst();
      return;
    }
    // Its layout is that of all answers to come.
    const applied = reply.type === "answer" ? this.#apply(reply) : undefined;
    if (question === undefined) return;
    this.leave(question);
    if (reply.type === "refused") question.refuse(unpackError(reply.error));
    else if (reply.type === "authorized") question.settle(reply.isAllowed);
    else question.settle(applied ?? reply);
  }

  /** Tells the application which question is the first that it may have to begin. */
  #tellFirst(): void {
    let first = this.#last + 1;
    for (const { n, isCollecting } of this.#open.values()) {
      if (isCollecting) continue;
      first = n;
      break;
    }
    this.heartbeat.firstOpen = first;
  }
}
