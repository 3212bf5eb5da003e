import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { poll } from "../helpers/poll.ts";
import { Application } from "../helpers/workers/application.ts";
import { eventually, type Reading } from "../helpers/workers/reading.ts";
import type { Worker } from "../helpers/workers/worker.ts";

/** What happens to the workers. */
export interface Soak {
  /** What happens follows from it, as far as the system is the same. */
  readonly seed: number;
  readonly steps: number;
  /** How the processes are started. */
  readonly kind: "fork" | "cluster";
  /** Whether workers are killed, too: then what they have counted since the last scrape may be lost. */
  readonly isDeadly: boolean;
  /** Whether the server of each is in a thread, which may be killed: then nothing is lost. */
  readonly isInThread?: boolean;
}

/** A handler has no address, by which the servers would find each other. */
const OPTIONS = { workers: { group: "soak" } };

/** How many workers there are at least and at most. */
const WORKERS = { min: 2, max: 6 };

/** How long a process is stopped or blocked at most, in milliseconds. */
const MAX_PAUSE_MS = 3_000;

/** After so many steps all workers must be there, and the sums exact. */
const STEPS_BETWEEN_AUDITS = 20;

/**
 * What Node writes before it aborts a process: it may do so when a thread is terminated that has just been sent
 * a request (its parser of HTTP does not expect that; nodejs/node#38418 is the same of HTTP/2).
 */
const ABORTED = /^FATAL ERROR: v8::ToLocalChecked/gm;

/** How much of what the workers have written is shown of a run that fails. */
const MAX_ERRORS = 8_000;

/** What one worker has counted. */
interface Account {
  readonly worker: Worker;
  /** The process that started it, if it is a thread. */
  readonly parent: Account | undefined;
  /** What it was told to count, and what of that it has confirmed. */
  told: number;
  counted: number;
  /** The most that a scrape has shown of it. */
  shown: number;
  state: "living" | "left" | "killed";
  /** Whether the thread of its server is being killed. */
  isLosingServer: boolean;
  /** Whether it cannot be told anything for now. */
  isBusy: boolean;
  /** Whether it is about to end in order. */
  isLeaving: boolean;
  /** Whether it must not end, because it is starting a thread. */
  isStarting: boolean;
  /** Whether it has the label set that all workers share, and may remove. */
  isPooled: boolean;
  /** Whether it has observed anything since its histogram was reset: prom-client removes the series then. */
  hasSizes: boolean;
  /** Whether a handler of it was closed. That leaves the group later, and until then nobody reports for it. */
  hadHandler: boolean;
}

/** Sums that one scrape has shown. */
interface Sums {
  readonly shares: ReadonlyMap<string, number>;
  readonly totals: Readonly<Record<string, number>>;
}

/** Lets workers come, count and go at random, and asserts that every sum is what was counted. */
export async function assertExactSums(soak: Soak): Promise<void> {
  await using app = await Application.start({
    kind: soak.kind,
    isRootServing: false,
    options: { ...OPTIONS, thread: soak.isInThread === true },
  });
  const run = new Run(app, soak);
  try {
    await run.run();
  } catch (error) {
    const story = `Seed ${soak.seed}:\n${run.story.slice(-60).join("\n")}`;
    // What was waited for says less than why it did not come.
    const { message, cause } = error instanceof Error ? error : new Error(`${error}`);
    const why = cause instanceof Error ? `${cause.message}\n` : "";
    const errors = app.errors().slice(-MAX_ERRORS);
    throw new Error(`${why}${message}\n${story}\nStandard error:\n${errors}`, { cause: error });
  } finally {
    run.wakeAll();
  }
}

class Run {
  /** What has happened. */
  readonly story: string[] = [];
  readonly #app: Application;
  readonly #soak: Soak;
  readonly #random: () => number;
  readonly #accounts: Account[] = [];
  readonly #pauses = new Set<Promise<void>>();
  readonly #stopped = new Set<number>();
  /** The processes that Node has aborted. */
  readonly #aborted = new Set<number>();
  /** The workers that have ended although nobody has told them to. */
  readonly #lost: string[] = [];
  readonly #begun = performance.now();
  #shown: Sums = { shares: new Map(), totals: {} };

  constructor(app: Application, soak: Soak) {
    this.#app = app;
    this.#soak = soak;
    this.#random = randomOf(soak.seed);
  }

  async run(): Promise<void> {
    await this.#fill();
    for (let step = 1; step <= this.#soak.steps; step++) {
      await this.#fill();
      const count = 1 + this.#below(3);
      await Promise.all(Array.from({ length: count }, () => this.#actSoon()));
      if (step % STEPS_BETWEEN_AUDITS === 0) await this.#audit();
    }
    await this.#audit();
  }

  /** Ends all pauses, so that all processes can end. */
  wakeAll(): void {
    for (const pid of this.#stopped) signal(pid, "SIGCONT");
  }

  get #living(): readonly Account[] {
    return this.#accounts.filter(({ state }) => state === "living");
  }

  async #fill(): Promise<void> {
    while (this.#living.length < WORKERS.min) {
      await this.#spawn();
      // A hub whose socket was removed makes another one at a scrape.
      await this.scrape();
    }
  }

  async #actSoon(): Promise<void> {
    await sleep(this.#below(60));
    const { isDeadly, isInThread } = this.#soak;
    const more = [...(isDeadly ? DEADLY : PARTIAL), ...(isInThread ? THREADED : [])];
    await this.#pick([...GENTLE, ...more])(this);
  }

  async count(): Promise<void> {
    const account = this.#idle();
    if (account === undefined) return;
    await this.#countAs(account);
  }

  async #countAs(account: Account): Promise<void> {
    const by = 1 + this.#below(9);
    account.told += by;
    try {
      await account.worker.tell("count", account.worker.name, by);
      account.counted += by;
      account.isPooled = true;
      account.hasSizes = true;
    } catch (error) {
      if (account.state === "living") throw error;
    }
  }

  async spawn(): Promise<void> {
    if (this.#living.length < WORKERS.max) await this.#spawn();
  }

  async #spawn(): Promise<void> {
    const parent = this.#random() < 0.2 ? this.#idle(isProcess) : undefined;
    let account: Account | undefined;
    try {
      const worker = await this.#start(parent);
      account = this.#open(worker, parent);
      this.#say(`${worker.name} begins${parent ? ` in ${parent.worker.name}` : ""}`, account);
      await this.#countAs(account);
      await this.#app.join(worker);
      this.#say("has joined", account);
    } catch (error) {
      // Its parent has ended, or the socket was removed and the port is not free.
      if (account?.state === "living") {
        if (!/address already in use/.test(`${error}`)) throw error;
        this.#say("cannot join", account);
        // It leaves what it has counted all the same, if it gets so far.
        account.state = "killed";
        account.worker.release();
        await account.worker.ended;
      } else if (parent?.state === "living") throw error;
    }
  }

  #open(worker: Worker, parent: Account | undefined): Account {
    const account = newAccount(worker, parent);
    this.#accounts.push(account);
    if (parent !== undefined && parent.state !== "living") account.state = "killed";
    // Before all that is told to it: whoever waits for its answer asks for its state.
    void worker.ended.then(() => this.#onEnded(account));
    return account;
  }

  #onEnded(account: Account): void {
    const { name, pid } = account.worker;
    const isUnasked = account.state === "living";
    if (!this.#mayAbort(account)) {
      if (isUnasked) this.#lost.push(name);
      return;
    }
    // Others may end in order meanwhile.
    if (isUnasked) {
      this.#say("its process is aborted", account);
      this.#aborted.add(pid);
    }
    for (const each of this.#accounts) {
      const isGone = each === account || (isUnasked && each.worker.pid === pid);
      if (isGone && isThere(each)) each.state = "killed";
    }
  }

  /** Whether Node may abort the process of a worker now. */
  #mayAbort({ worker: { pid } }: Account): boolean {
    return this.#accounts.some((each) => each.worker.pid === pid && each.isLosingServer);
  }

  async #start(parent: Account | undefined): Promise<Worker> {
    if (parent === undefined) return this.#app.startWorker();
    parent.isBusy = true;
    parent.isStarting = true;
    const worker = await this.#app.startWorker(parent.worker, "thread");
    parent.isBusy = false;
    parent.isStarting = false;
    return worker;
  }

  async scrape(): Promise<void> {
    const before = this.#shown;
    let reading: Reading;
    try {
      reading = await this.#app.scrape();
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      this.#say(`scrape: ${(error as NodeJS.ErrnoException).code}`);
      return;
    }
    if (reading.status === 200) this.#check(before, reading);
    else this.#say(`scrape: ${reading.status}`);
  }

  /** Scrapes one family; each worker sends only that. */
  async scrapePart(): Promise<void> {
    const name = this.#pick(["jobs_total", "pooled_total", "sizes"]);
    const before = this.#shown;
    try {
      const reading = await this.#app.scrape({}, `?name[]=${name}`);
      if (reading.status !== 200) return;
      const totals = Object.entries(sumsOf(reading).totals);
      const asked = Object.fromEntries(totals.filter(([total]) => total.startsWith(name)));
      this.#say(`partial scrape: ${JSON.stringify(asked)}`);
      this.#checkTotals(before, asked);
      this.#shown = { ...this.#shown, totals: { ...this.#shown.totals, ...asked } };
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      this.#say(`partial scrape: ${(error as NodeJS.ErrnoException).code}`);
    }
  }

  /** No sum may be smaller than one that was shown before this scrape began, or larger than what was counted. */
  #check(before: Sums, reading: Reading): Sums {
    const sums = sumsOf(reading);
    const { totals, shares } = sums;
    const up = `${reading.workers("up")} up, ${reading.workers("late")} late`;
    this.#say(`scrape: ${totals["jobs_total"]}, ${up}`);
    for (const account of this.#accounts) {
      const { name } = account.worker;
      const share = shares.get(name) ?? 0;
      assert.ok(share <= account.told, `${name}: ${share} for ${account.told}`);
      const was = before.shares.get(name) ?? 0;
      assert.ok(share >= was, `${name}: ${was} fell to ${share}`);
      account.shown = Math.max(account.shown, share);
    }
    this.#checkTotals(before, totals);
    this.#shown = sums;
    return sums;
  }

  #checkTotals(before: Sums, totals: Sums["totals"]): void {
    const told = sumOf(this.#accounts, (account) => account.told);
    for (const [name, value] of Object.entries(totals)) {
      assert.ok(value <= told, `${name}: ${value} for ${told}`);
      const was = before.totals[name] ?? 0;
      assert.ok(value >= was, `${name}: ${was} fell to ${value}`);
    }
  }

  async leave(action: "exit" | "close"): Promise<void> {
    const account = this.#idle(({ hadHandler }) => !hadHandler);
    if (account === undefined) return;
    account.isBusy = true;
    await this.#countAs(account);
    if (!this.#mayLose(account)) {
      account.isBusy = false;
      return;
    }
    this.#say(action, account);
    this.#lose(account, "left");
    account.isLeaving = true;
    if (action === "close") await account.worker.tell("close").catch(() => {});
    await account.worker.end("exit");
    account.isLeaving = false;
    this.#say(`${action} is over`, account);
  }

  /** Leaves the group and takes part again with the same registry, which a handler may report meanwhile. */
  async return(hasHandler: boolean): Promise<void> {
    const account = this.#idle();
    if (account === undefined || !this.#mayLose(account)) return;
    account.isBusy = true;
    const { worker } = account;
    try {
      if (hasHandler) {
        this.#say("makes a handler", account);
        await worker.tell("attend", OPTIONS);
        await sleep(this.#below(100));
      }
      this.#say("close", account);
      await worker.tell("close");
      if (this.#random() < 0.5) await this.#countAs(account);
      await sleep(this.#below(100));
      await this.#listenAgain(account);
      if (!hasHandler) return;
      await this.#countAs(account);
      this.#say("closes its handler", account);
      account.hadHandler = true;
      await worker.tell("closeHandler");
    } catch (error) {
      if (account.state === "living") throw error;
    } finally {
      account.isBusy = false;
    }
  }

  async #listenAgain(account: Account): Promise<void> {
    for (;;) {
      try {
        await this.#app.join(account.worker);
        return this.#say("has joined again", account);
      } catch (error) {
        // The socket was removed.
        if (!/address already in use/.test(`${error}`)) throw error;
      }
    }
  }

  async kill(isHub: boolean): Promise<void> {
    const account = isHub ? await this.#hub() : this.#pick(this.#living);
    if (account === undefined || account.isStarting || !this.#mayLose(account)) return;
    this.#say("SIGKILL", account);
    this.#lose(account, "killed");
    if (account.parent === undefined) await account.worker.kill();
    else await account.parent.worker.tell("terminate", account.worker.name).catch(() => {});
    await account.worker.ended;
  }

  /** Whether one goes on of those that were there at a scrape: otherwise the counters begin anew. */
  #mayLose(account: Account): boolean {
    const others = this.#living.filter((each) => each !== account && each.parent !== account);
    return account.state === "living" && others.some((each) => this.#isSure(each));
  }

  /** Whether a worker was there at a scrape, and is to stay. */
  #isSure(account: Account): boolean {
    return account.shown > 0 && !this.#mayAbort(account);
  }

  /** Notes the end of a worker, with which that of its threads comes. */
  #lose(account: Account, state: "left" | "killed"): void {
    account.state = state;
    for (const each of this.#accounts) {
      if (each.parent === account && isThere(each)) each.state = "killed";
    }
  }

  /** Kills the thread of a server. Its application goes on, unless Node aborts it. */
  async killServer(isHub: boolean): Promise<void> {
    const account = isHub ? await this.#hub() : this.#idle();
    if (account === undefined || account.isBusy) return;
    const { pid } = account.worker;
    const others = this.#living.filter((each) => each.worker.pid !== pid);
    if (!others.some((each) => this.#isSure(each))) return;
    if (this.#living.some((each) => each.worker.pid === pid && each.isStarting)) return;
    this.#say("the thread of its server is killed", account);
    account.isLosingServer = true;
    await account.worker.tell("terminateServer").catch(() => {});
    account.isLosingServer = false;
  }

  async pause(isHub: boolean): Promise<void> {
    const account = isHub ? await this.#hub() : this.#idle(isProcess);
    if (account?.state !== "living" || account.parent !== undefined || account.isBusy) return;
    const { pid } = account.worker;
    const ms = this.#below(MAX_PAUSE_MS);
    const affected = this.#living.filter((each) => each === account || each.parent === account);
    if (affected.some(({ isBusy }) => isBusy)) return;
    this.#say(`SIGSTOP for ${ms} ms`, account);
    for (const each of affected) each.isBusy = true;
    signal(pid, "SIGSTOP");
    this.#stopped.add(pid);
    this.#later(ms, async () => {
      signal(pid, "SIGCONT");
      this.#stopped.delete(pid);
      this.#say("SIGCONT", account);
      for (const each of affected) each.isBusy = false;
    });
  }

  async block(): Promise<void> {
    const account = this.#idle();
    if (account === undefined) return;
    account.isBusy = true;
    const ms = this.#below(MAX_PAUSE_MS / 2);
    this.#say(`is blocked for ${ms} ms`, account);
    const release = await this.#app.block(account.worker).catch(() => undefined);
    this.#later(ms, async () => {
      await release?.();
      account.isBusy = false;
    });
  }

  async removeSocket(): Promise<void> {
    this.#say("the socket is removed");
    const folder = join(this.#app.folder, "run");
    for (const name of await readdir(folder).catch(() => [])) {
      if (/^[0-9a-f]{16}\.sock$/.test(name)) await rm(join(folder, name), { force: true });
    }
  }

  /** Waits until all workers answer: then the sums must be exact, but for what those killed had not shown. */
  async #audit(): Promise<void> {
    await Promise.all(this.#pauses);
    await this.#checkEnds();
    const total = await this.#checkBooks();
    for (const account of this.#living) await this.#reset(account);
    if (this.#random() < 0.3) await this.#clearFolder();
    assert.equal(await this.#checkBooks(), total, "the sum after resets");
  }

  /** Asserts that no process has ended by itself, unless Node says that it has aborted it. */
  async #checkEnds(): Promise<void> {
    assert.deepEqual(this.#lost, [], "workers that have ended by themselves");
    const count = () => this.#app.errors().match(ABORTED)?.length ?? 0;
    await poll("what Node says of what it has aborted", () => count() >= this.#aborted.size);
  }

  /** Asserts that all sums are exact, and returns what all have counted together. */
  async #checkBooks(): Promise<number> {
    const living = this.#living.length;
    this.#say(`audit of ${living} workers`);
    const read = async () => {
      const before = this.#shown;
      const reading = await this.#app.scrape();
      if (reading.status === 200) this.#check(before, reading);
      return reading;
    };
    const isWhole = (each: Reading) =>
      each.workers("up") === living && each.workers("late") === 0 && this.#areHandlersGone(each);
    const { shares, totals } = sumsOf(await eventually(`${living} workers`, read, isWhole));
    for (const account of this.#living) account.hadHandler = false;
    for (const { worker, state, counted, shown } of this.#accounts) {
      const share = shares.get(worker.name) ?? 0;
      const expected = state === "killed" ? shown : counted;
      const isRight = state === "killed" ? share >= expected : share === expected;
      assert.ok(isRight, `${worker.name} (${state}): ${share} for ${expected}`);
    }
    const sum = sumOf([...shares.values()], (share) => share);
    const most = sum + this.#unshown(shares);
    for (const [name, value] of Object.entries(totals)) {
      const isRight = value >= sum && value <= most;
      assert.ok(isRight, `${name} is not the sum of its shares: ${value} for ${sum} to ${most}`);
    }
    return sum;
  }

  /** What a scrape of one family may have shown of threads that ended with their process, and not of their shares. */
  #unshown(shares: Sums["shares"]): number {
    if (this.#soak.isDeadly) return 0;
    const killed = this.#accounts.filter(({ state }) => state === "killed");
    return sumOf(killed, ({ worker, told }) => told - (shares.get(worker.name) ?? 0));
  }

  #areHandlersGone(reading: Reading): boolean {
    const { shares } = sumsOf(reading);
    return this.#living.every(
      ({ worker, hadHandler, counted }) => !hadHandler || shares.get(worker.name) === counted,
    );
  }

  /** Has a worker begin anew with something that a scrape has just shown; the sums go on. */
  async #reset(account: Account): Promise<void> {
    const { worker } = account;
    const what = this.#pick(["jobs_total", "sizes", "pooled_total", undefined, undefined]);
    if (what === undefined) return;
    if (what === "jobs_total") {
      this.#say(`resets ${what}`, account);
      await worker.tell("reset", what);
      return;
    }
    // A series that nobody has any more goes.
    const has = what === "sizes" ? "hasSizes" : "isPooled";
    if (!account[has] || !this.#living.some((each) => each !== account && each[has])) return;
    this.#say(`removes its series of ${what}`, account);
    account[has] = false;
    if (what === "sizes") await worker.tell("reset", what);
    else await worker.tell("remove", what, { pool: "one" });
  }

  /** Removes all that the workers share, as something that cleans folders does. */
  async #clearFolder(): Promise<void> {
    this.#say("the runtime folder is removed");
    await rm(join(this.#app.folder, "run"), { recursive: true, maxRetries: 10 });
  }

  #later(ms: number, action: () => Promise<void>): void {
    const pause = sleep(ms).then(action);
    this.#pauses.add(pause);
    void pause.then(() => this.#pauses.delete(pause));
  }

  async #hub(): Promise<Account | undefined> {
    for (const account of this.#living) {
      if (account.isBusy) continue;
      const state = await account.worker.tell("state").catch(() => undefined);
      if (state?.role === "hub") return account;
    }
    return undefined;
  }

  /** A worker that can be told something. */
  #idle(isWanted: (account: Account) => boolean = () => true): Account | undefined {
    return this.#pick(this.#living.filter((each) => !each.isBusy && isWanted(each)));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #say(text: string, account?: Account): void {
    const at = Math.round(performance.now() - this.#begun);
    const who = account && `${account.worker.name} (${account.worker.pid}), ${account.told}: `;
    this.story.push(`${at} ${who ?? ""}${text}`);
  }
}

type Step = (run: Run) => Promise<void>;

const GENTLE: readonly Step[] = [
  ...times(8, (run) => run.count()),
  ...times(6, (run) => run.scrape()),
  ...times(4, (run) => run.spawn()),
  ...times(2, (run) => run.leave("exit")),
  ...times(1, (run) => run.leave("close")),
  ...times(1, (run) => run.pause(true)),
  ...times(1, (run) => run.pause(false)),
  ...times(1, (run) => run.block()),
  ...times(2, (run) => run.return(false)),
  ...times(1, (run) => run.return(true)),
  ...times(1, (run) => run.removeSocket()),
];

/** Of a worker that is killed after such a scrape, sums would not be those of its shares. */
const PARTIAL: readonly Step[] = times(2, (run) => run.scrapePart());

const DEADLY: readonly Step[] = [
  ...times(2, (run) => run.kill(true)),
  ...times(2, (run) => run.kill(false)),
];

const THREADED: readonly Step[] = [
  ...times(2, (run) => run.killServer(true)),
  ...times(1, (run) => run.killServer(false)),
];

function times(count: number, step: Step): readonly Step[] {
  return Array.from({ length: count }, () => step);
}

function newAccount(worker: Worker, parent: Account | undefined): Account {
  return {
    worker,
    parent,
    told: 0,
    counted: 0,
    shown: 0,
    state: "living",
    isLosingServer: false,
    isBusy: false,
    isLeaving: false,
    isStarting: false,
    isPooled: false,
    hasSizes: false,
    hadHandler: false,
  };
}

/** Whether it has numbers that are lost when its process is killed. */
function isThere({ state, isLeaving }: Account): boolean {
  return state === "living" || isLeaving;
}

function isProcess({ parent }: Account): boolean {
  return parent === undefined;
}

function sumsOf(reading: Reading): Sums {
  const shares = reading.samples("shares_total");
  const buckets = reading.samples("sizes_bucket", { le: "+Inf" });
  return {
    shares: new Map(shares.map(({ labels, value }) => [`${labels.get("by")}`, value])),
    totals: {
      jobs_total: reading.value("jobs_total") ?? 0,
      pooled_total: reading.value("pooled_total", { pool: "one" }) ?? 0,
      sizes_count: reading.value("sizes_count") ?? 0,
      sizes_bucket: sumOf(buckets, ({ value }) => value),
    },
  };
}

function sumOf<T>(list: readonly T[], numberOf: (each: T) => number): number {
  return list.reduce((sum, each) => sum + numberOf(each), 0);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
