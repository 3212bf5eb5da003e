/**
 * The part that a process takes in its group: it answers for all as the hub, or reports to the hub as a member,
 * or looks for one. It switches between these until it leaves the group.
 *
 * The process that owns the hub's socket is the hub. When its connection ends, a member looks for another hub.
 * A hub checks whether another process has replaced its socket. Both then stand for election again.
 */
import type { Socket } from "node:net";
import { LightSignal, OVER } from "../abort.ts";
import { unref } from "../timers.ts";
import type { PartConfig } from "./border.ts";
import { endingPid } from "./environment.ts";
import { Lead } from "./hub/lead.ts";
import { forgetGroupAtExit } from "./ledger/forgotten-files.ts";
import { writeLastNumbers } from "./ledger/last-numbers.ts";
import { Candidate } from "./meeting/candidate.ts";
import type { Elected } from "./meeting/election.ts";
import { type Seat, socketOf } from "./meeting/seat.ts";
import { Member } from "./member.ts";
import { type Place, quoted, type Welcome, type WorkerFacts } from "./messages.ts";
import { GrowingPause, pause } from "./waiting.ts";
import { nextWorkerFacts } from "./worker-id.ts";

/** How long a process waits for the welcome of a hub, which may be blocked, in milliseconds. */
const WELCOME_MS = 2_000;

/** How long a process that could not open the port waits: at first, and at most. */
const MIN_STAND_MS = 1_000;
const MAX_STAND_MS = 60_000;

/** How often it tries before that: the port of a hub that exits is closed a little later than its socket. */
const QUICK_TRIES = 2;

/** How long it looks for another hub between these, in milliseconds. */
const LOOK_MS = 250;

/**
 * How often a process that starts tries again to open a busy port, every `LOOK_MS`. While PM2 reloads three
 * instances, two hubs may follow each other in that time.
 */
const FIRST_TRIES = 4;

/** How many hubs that end without a welcome it waits for: all tries of four processes that start with it. */
const FIRST_HUBS = 20;

/** How long a member waits before it joins again if no hub has asked it anything: at first, and at most. */
const MIN_REJOIN_MS = 50;
const MAX_REJOIN_MS = 60_000;

/** The kind of a hub's failures to open its port in the log. */
const STANDING = { kind: "standing" };

/** The part of one process or thread in one group. */
export class Part {
  readonly #config: PartConfig;
  readonly #facts: WorkerFacts = nextWorkerFacts();
  readonly #signal = new LightSignal();
  readonly #candidate: Candidate;
  #lead: Lead | undefined;
  #member: Member | undefined;
  #welcome: Welcome | undefined;
  /** Its slot, if it has ever been one of the workers. */
  #slot: number | undefined;
  /** Which totals the last hub retained (`Ledger.era`); `undefined` until there was one. */
  #era: string | undefined;
  /** Settles when it takes no part any more. */
  #life: Promise<void> = Promise.resolve();

  constructor(config: PartConfig) {
    this.#config = config;
    const { meeting, settings } = config;
    this.#candidate = new Candidate(meeting, this.#signal, settings.patienceMs ?? 0);
  }

  /** What it does as the hub; `undefined` when another process is the hub. */
  get lead(): Lead | undefined {
    return this.#lead;
  }

  /** Where the hub answers; `undefined` while there is none, and for a handler. */
  get place(): Place | undefined {
    return this.#lead === undefined ? this.#welcome?.place : this.#lead.place;
  }

  /** The path of the hub's socket. */
  get socketPath(): string {
    const { folder, key } = this.#config.meeting;
    return socketOf(folder, key);
  }

  get hasLeft(): boolean {
    return this.#signal.aborted;
  }

  /**
   * Stands for election, but does not wait long for it: a hub that is stopped accepts nobody.
   *
   * @returns What `begin()` needs.
   * @throws {Error} If the folder cannot be used, or if it has left meanwhile.
   */
  stand(): Promise<Elected | undefined> {
    return this.#candidate.stand(WELCOME_MS);
  }

  /**
   * Takes its first part, and goes on from there until it leaves.
   *
   * @param elected `undefined` if the election is still going on.
   * @throws What `Hosted.open()` throws, if it becomes the hub.
   */
  async begin(elected: Elected | undefined): Promise<void> {
    if (elected !== undefined && this.#isWanted(elected)) await this.#takeFirst(elected);
    this.#life = this.#live();
  }

  /** Saves what this process has counted for the next hub, without a pause: for exit handlers. Never throws. */
  leaveNow(): void {
    // The handlers of the application come after this one.
    if (!this.#keepAll()) this.#keepLast();
    // What has been counted since it began to leave is of another part of this thread, which comes later.
    if (this.hasLeft) this.#config.local?.reported?.close();
  }

  /** As the hub, saves what all workers have counted; returns whether it has. */
  #keepAll(): boolean {
    try {
      return this.#lead?.leaveNow(endingPid()) === true;
    } catch (error) {
      const what = "Cannot save what all workers have counted since the last scrape";
      this.#config.log.error(`${what}; it may be lost`, error);
      return false;
    }
  }

  /** Leaves the group, with all that this process has counted. */
  async leave(): Promise<void> {
    this.#signal.abort(OVER);
    this.#config.local?.leave();
    if (this.#member !== undefined) await this.#member.leave(() => this.#keepLast());
    else {
      const isKept = await this.#lead?.leave();
      // What a process has counted before it was a worker is part of no sum.
      if (isKept !== true && this.#slot !== undefined) this.#keepLast();
    }
    await this.#life;
    const { hosted, meeting } = this.#config;
    // It may be the last of its group all the same: the hub was another thread of it.
    if (hosted === undefined) await forgetGroupAtExit(meeting, this.socketPath);
  }

  /** Saves what this process has counted in a file, for this hub or the next. */
  #keepLast(): void {
    const { meeting, local, log } = this.#config;
    if (local === undefined) return;
    try {
      writeLastNumbers(meeting, this.#facts.worker, local.totals());
    } catch (error) {
      log.error(
        "Cannot save what this worker has counted since the last scrape; it may be lost",
        error,
      );
      this.#member?.leaveNow();
    }
  }

  /**
   * A busy port may be that of a hub that has just ended, or of one that takes over, so it tries again; so it
   * does when its hub has ended without a welcome, which cannot open the port either.
   */
  async #takeFirst(first: Elected): Promise<void> {
    let elected = first;
    for (let triesLeft = FIRST_TRIES, hubsLeft = FIRST_HUBS; ; ) {
      if (elected.role === "member") {
        if ((await this.#follow(elected.socket)) || hubsLeft-- === 0) return;
        this.#member = undefined;
      } else {
        try {
          return await this.#takeLead(elected.seat);
        } catch (error) {
          if (triesLeft-- === 0 || !isBusy(error)) throw error;
        }
      }
      await pause(LOOK_MS, this.#signal);
      if (this.#signal.aborted) return;
      elected = await this.#candidate.elect();
    }
  }

  /** Goes from one part to the next until it leaves the group. It never rejects. */
  async #live(): Promise<void> {
    const standing = new GrowingPause(MIN_STAND_MS, MAX_STAND_MS);
    const rejoining = new GrowingPause(MIN_REJOIN_MS, MAX_REJOIN_MS);
    let quickTries = 0;
    while (!this.#signal.aborted) {
      await (this.#lead?.ended ?? this.#member?.ended);
      if (this.#signal.aborted) break;
      if (this.#lead?.hasGivenWay) this.#candidate.giveWay();
      const wasIdle = this.#member?.wasAsked === false;
      this.#lead = undefined;
      this.#member = undefined;
      if (wasIdle) await pause(rejoining.nextMs(), this.#signal);
      else rejoining.reset();
      try {
        await this.#takeNext();
        standing.reset();
        quickTries = 0;
      } catch (error) {
        if (this.#signal.aborted) break;
        if (quickTries++ < QUICK_TRIES) {
          await this.#lookForHub(LOOK_MS);
          continue;
        }
        this.#config.log.error(
          "Cannot answer for all workers; will try again unless another does",
          error,
          STANDING,
        );
        await this.#lookForHub(standing.nextMs());
      }
    }
  }

  async #takeNext(): Promise<void> {
    const elected = await this.#candidate.elect();
    if (!this.#isWanted(elected)) return;
    if (elected.role === "hub") await this.#takeLead(elected.seat);
    else void this.#follow(elected.socket);
  }

  /** Whether it may take a part. If it has left the group meanwhile, it gives up what it has. */
  #isWanted(elected: Elected): boolean {
    if (!this.#signal.aborted) return true;
    if (elected.role === "hub") void elected.seat.leave();
    else elected.socket.destroy();
    return false;
  }

  async #takeLead(seat: Seat): Promise<void> {
    const { hosted } = this.#config;
    // It is only looking for a hub then, and never elected.
    if (hosted === undefined) return;
    const lead = new Lead({
      ...{ ...this.#config, hosted, seat },
      facts: this.#facts,
      slot: this.#slot,
      formerEra: this.#welcome === undefined ? undefined : this.#era,
    });
    this.#lead = lead;
    try {
      await lead.open();
      this.#slot = lead.hub.own?.slot;
      this.#era = lead.era;
    } catch (error) {
      this.#lead = undefined;
      throw error;
    }
  }

  /**
   * Reports to a hub, which has some time to welcome this process.
   *
   * @returns Whether the hub is still there then.
   */
  #follow(socket: Socket): Promise<boolean> {
    const { canListen, local, settings, log } = this.#config;
    return new Promise((resolve) => {
      const timer = unref(setTimeout(resolve, WELCOME_MS, true));
      this.#member = new Member(socket, {
        ...{ canListen, local, log },
        facts: this.#facts,
        slot: this.#slot,
        onWelcome: (welcome) => {
          clearTimeout(timer);
          this.#welcome = welcome;
          this.#era = welcome.era;
          if (local !== undefined) local.era = welcome.era;
          settings.onJoined?.({ pid: welcome.pid, name: quoted(welcome.name) });
          this.#slot = welcome.slot;
          resolve(true);
        },
      });
      void this.#member.ended.then(() => {
        clearTimeout(timer);
        resolve(false);
      });
    });
  }

  async #lookForHub(limitMs: number): Promise<void> {
    const socket = await this.#candidate.look(limitMs);
    if (socket !== undefined) void this.#follow(socket);
  }
}

/** Whether a port could not be opened because another process has it. */
function isBusy(error: unknown): boolean {
  const { cause } = (error ?? {}) as { readonly cause?: { readonly code?: unknown } };
  return cause?.code === "EADDRINUSE";
}
