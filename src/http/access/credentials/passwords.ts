import { nodeModule } from "../../../node.ts";
import type { Login } from "./credentials.ts";
import { costOf } from "./hash-costs.ts";
import { type Comparison, PasswordThread } from "./password-thread.ts";

/** How many logins may wait while one is compared. Each may take a second. */
const MAX_WAITING = 8;

/** What is known of a login: "busy" if too many wait. */
export type Verdict = "right" | "wrong" | "busy";

/** A login, with what stands for it in the memory of the process. */
export interface Attempt extends Login {
  /** The hash of the user; `undefined` for an unknown one. */
  readonly hash: string | undefined;
  /** A digest of user, hash and password, which nobody can make elsewhere. */
  readonly key: Buffer;
}

/** What compares a password. */
type Thread = Pick<PasswordThread, "compare" | "close">;

/**
 * Users and the hashes of their passwords.
 *
 * A good login is remembered, one for each user, so that no flood of others displaces it; no password is
 * kept. All else is compared by bcrypt, one at a time and in a thread. How long that takes does not tell
 * which users there are: every wrong login costs what the most expensive hash does.
 */
export class Passwords {
  readonly #thread: Thread;
  readonly #secret: Buffer = nodeModule("node:crypto").randomBytes(32);
  #users: ReadonlyMap<string, string> = new Map();
  #highestCost = 0;
  /** The keys of good logins, by their users. */
  readonly #remembered = new Map<string, Buffer>();
  /** The comparisons under way or waiting, by their keys. */
  readonly #running = new Map<string, Promise<boolean>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(thread: Thread = new PasswordThread()) {
    this.#thread = thread;
  }

  /** Replaces the users. A good login stays remembered while the hash of its user is the same. */
  use(users: ReadonlyMap<string, string>): void {
    this.#users = users;
    this.#highestCost = Math.max(0, ...Array.from(users.values(), costOf));
    for (const user of this.#remembered.keys()) {
      if (!users.has(user)) this.#remembered.delete(user);
    }
  }

  /** Looks a login up. */
  attempt({ user, password }: Login): Attempt {
    const hash = this.#users.get(user);
    // With the lengths, no part can be taken for another (CVE-2022-46146).
    const text = `${user.length} ${hash?.length} ${password.length} ${user}${hash}${password}`;
    const hmac = nodeModule("node:crypto").createHmac("sha256", this.#secret);
    return { user, password, hash, key: hmac.update(text).digest() };
  }

  /** Whether the same login was right before. */
  isRemembered({ user, key }: Attempt): boolean {
    const known = this.#remembered.get(user);
    return known !== undefined && nodeModule("node:crypto").timingSafeEqual(known, key);
  }

  /** Compares a login by bcrypt. The promise rejects when there can be no thread. */
  async compare(attempt: Attempt): Promise<Verdict> {
    const { user, hash, key } = attempt;
    if (this.#users.size === 0) return "wrong";
    const id = key.toString("base64");
    let running = this.#running.get(id);
    if (running === undefined) {
      if (this.#running.size > MAX_WAITING) return "busy";
      running = this.#enqueue(this.#comparisonOf(attempt)).finally(() => this.#running.delete(id));
      this.#running.set(id, running);
    }
    const isRight = await running;
    // A dummy decides nothing, and the user may have another hash by now.
    if (!isRight || hash === undefined || this.#users.get(user) !== hash) return "wrong";
    this.#remembered.set(user, key);
    return "right";
  }

  /** Ends the thread; what is compared rejects. */
  close(): void {
    this.#thread.close();
  }

  #enqueue(comparison: Comparison): Promise<boolean> {
    const compare = () => this.#thread.compare(comparison);
    const result = this.#last.then(compare, compare);
    this.#last = result;
    return result;
  }

  /**
   * Each step of the cost doubles the time: costs of c, c, c + 1, … up to h - 1 take together as long as
   * one of h.
   */
  #comparisonOf({ password, hash }: Attempt): Comparison {
    if (hash === undefined) return { password, hashes: [dummyOf(this.#highestCost)] };
    const hashes = [asCurrent(hash)];
    for (let cost = costOf(hash); cost < this.#highestCost; cost++) hashes.push(dummyOf(cost));
    return { password, hashes };
  }
}

/** A hash of this cost whose password nobody knows. */
function dummyOf(cost: number): string {
  return `$2b$${String(cost).padStart(2, "0")}$${".".repeat(53)}`;
}

/**
 * The first implementation wrote `$2$`. The library takes it for one that does not end passwords, unlike
 * those of Go and C, and then refuses all.
 */
function asCurrent(hash: string): string {
  return hash.replace(/^\$2\$/, "$2a$$");
}
