/**
 * The part that a process takes in its group: it answers for all, or reports to the process that does, or
 * looks for that one. One follows the other until it leaves the group.
 *
 * Whoever has the hub's socket is the hub. A member learns that the hub has gone by the end of its connection,
 * and a hub by a look at its socket that another has its place; both then stand for election again.
 */
import type { Socket } from "node:net";
import { LightSignal, OVER } from "../abort.ts";
import { unref } from "../timers.ts";
import { VERSION } from "../version.ts";
import type { PartConfig } from "./border.ts";
import { readEnvironment } from "./environment.ts";
import { Lead } from "./hub/lead.ts";
import { writeLastNumbers } from "./ledger/last-numbers.ts";
import { connect } from "./meeting/connect.ts";
import { type Elected, elect, findHub } from "./meeting/election.ts";
import { type Seat, socketOf } from "./meeting/seat.ts";
import { Member } from "./member.ts";
import { type Place, quoted, type Welcome, type WorkerFacts } from "./messages.ts";
import { atMost, pause } from "./waiting.ts";
import { nextWorkerId } from "./worker-id.ts";

/** How long a process waits for the welcome of a hub, which may be blocked, in milliseconds. */
const WELCOME_MS = 2_000;

/** How long a process that could not open the port waits: at first, and at most. */
const MIN_STAND_MS = 1_000;
const MAX_STAND_MS = 60_000;

/** How often it tries before that: the port of a hub that exits is closed a little later than its socket. */
const QUICK_TRIES = 2;

/** How often such a process looks for another hub, in milliseconds. */
const LOOK_MS = 250;

/**
 * How often a process that starts tries again to open a busy port, every `LOOK_MS`. While PM2 reloads three
 * instances, two hubs may follow each other in that time.
 */
const FIRST_TRIES = 4;

/** How many hubs that end without a welcome it waits for: all tries of two processes that start with it. */
const FIRST_HUBS = 10;

/** How long a member waits that no hub has asked anything: at first, and at most. */
const MIN_REJOIN_MS = 50;
const MAX_REJOIN_MS = 60_000;

/** The kind of a hub's failures to open its port in the log. */
const STANDING = { kind: "standing" };

/** The part of one process or thread in one group. */
export class Part {
  readonly #config: PartConfig;
  readonly #facts: WorkerFacts = factsOfThisProcess();
  readonly #signal = new LightSignal();
  #lead: Lead | undefined;
  #member: Member | undefined;
  #welcome: Welcome | undefined;
  /** Its slot, if it has ever been one of the workers. */
  #slot: number | undefined;
  /** How long it only looks for a hub the next time that there is none. */
  #patienceMs: number;
  /** The election that it stands for: it takes a part when that is over. */
  #election: Promise<Elected> | undefined;
  /** Settles when it takes no part any more. */
  #life: Promise<void> = Promise.resolve();

  constructor(config: PartConfig) {
    this.#config = config;
    this.#patienceMs = config.settings.patienceMs ?? 0;
  }

  /** The time in which it answers for all; `undefined` when another process does. */
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
  async stand(): Promise<Elected | undefined> {
    this.#election = this.#elect();
    const elected = await atMost(this.#election, WELCOME_MS);
    if (elected !== undefined) this.#election = undefined;
    return elected;
  }

  /**
   * Takes the first part, and lives on in the group.
   *
   * @param elected `undefined` if the election is going on.
   * @throws What `Hosted.open()` throws, if it becomes the hub.
   */
  async begin(elected: Elected | undefined): Promise<void> {
    if (elected !== undefined && this.#isWanted(elected)) await this.#takeFirst(elected);
    this.#life = this.#live();
  }

  /** Leaves what this process has counted to the next hub, without a pause: for exit handlers. Never throws. */
  leaveNow(): void {
    // The handlers of the application come after this one.
    try {
      if (this.#lead?.leaveNow()) return;
    } catch (error) {
      this.#config.log.error("Cannot keep what all workers have counted", error);
    }
    this.#keepLast();
  }

  /** Leaves the group, with all that this process has counted. */
  async leave(): Promise<void> {
    this.#signal.abort(OVER);
    if (this.#member !== undefined) await this.#member.leave(() => this.#keepLast());
    else {
      const isKept = await this.#lead?.leave();
      // Of one that has never been a worker, nobody knows.
      if (isKept !== true && this.#slot !== undefined) this.#keepLast();
    }
    await this.#life;
  }

  /** Keeps what this process has counted in a file, for the hub of now or the next. */
  #keepLast(): void {
    const { meeting, local, log } = this.#config;
    try {
      writeLastNumbers(meeting, this.#facts.worker, local.totals());
    } catch (error) {
      log.error("Cannot keep the last numbers of this worker in a file", error);
      this.#member?.leaveNow();
    }
  }

  async #elect(): Promise<Elected> {
    const { folder, key } = this.#config.meeting;
    const limitMs = this.#patienceMs;
    if (Number.isFinite(limitMs)) this.#patienceMs = 0;
    const socket = await findHub(folder, key, this.#signal, limitMs);
    if (socket !== undefined) return { role: "member", socket };
    return elect(folder, key, this.#signal);
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
      elected = await this.#elect();
    }
  }

  /** Goes from one part to the next until it leaves the group. It never rejects. */
  async #live(): Promise<void> {
    let standMs = MIN_STAND_MS;
    let quickTries = 0;
    let rejoinMs = 0;
    while (!this.#signal.aborted) {
      await (this.#lead?.ended ?? this.#member?.ended);
      if (this.#signal.aborted) break;
      rejoinMs = this.#nextRejoinMs(rejoinMs);
      this.#lead = undefined;
      this.#member = undefined;
      await pause(rejoinMs, this.#signal);
      try {
        await this.#takeNext();
        standMs = MIN_STAND_MS;
        quickTries = 0;
      } catch (error) {
        if (this.#signal.aborted) break;
        if (quickTries++ < QUICK_TRIES) {
          await this.#lookForHub(LOOK_MS);
          continue;
        }
        this.#config.log.error("Cannot answer for all workers; another may", error, STANDING);
        await this.#lookForHub(standMs);
        standMs = Math.min(2 * standMs, MAX_STAND_MS);
      }
    }
  }

  async #takeNext(): Promise<void> {
    const election = this.#election ?? this.#elect();
    this.#election = undefined;
    const elected = await election;
    if (!this.#isWanted(elected)) return;
    if (elected.role === "hub") await this.#takeLead(elected.seat);
    else void this.#follow(elected.socket);
  }

  /** Whether it may take a part; otherwise it has left the group meanwhile, and gives that up. */
  #isWanted(elected: Elected): boolean {
    if (!this.#signal.aborted) return true;
    if (elected.role === "hub") void elected.seat.leave();
    else elected.socket.destroy();
    return false;
  }

  async #takeLead(seat: Seat): Promise<void> {
    const lead = new Lead({
      ...this.#config,
      seat,
      facts: this.#facts,
      slot: this.#slot,
      isChange: this.#welcome !== undefined,
    });
    this.#lead = lead;
    try {
      await lead.open();
      this.#slot = lead.hub.own.slot;
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
    const { local, settings, log } = this.#config;
    return new Promise((resolve) => {
      const timer = unref(setTimeout(resolve, WELCOME_MS, true));
      this.#member = new Member(socket, {
        ...{ local, log },
        facts: this.#facts,
        slot: this.#slot,
        onWelcome: (welcome) => {
          clearTimeout(timer);
          this.#welcome = welcome;
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

  /** Looks for a hub for some time, without standing for election. */
  async #lookForHub(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    while (performance.now() < until && !this.#signal.aborted) {
      const socket = await connect(this.socketPath).catch(() => undefined);
      if (typeof socket === "object") return void this.#follow(socket);
      await pause(LOOK_MS, this.#signal);
    }
  }

  /** A member that was never asked anything is not wanted; one that was joins the next hub at once. */
  #nextRejoinMs(lastMs: number): number {
    if (this.#member === undefined || this.#member.wasAsked) return 0;
    return Math.min(Math.max(MIN_REJOIN_MS, 2 * lastMs), MAX_REJOIN_MS);
  }
}

function factsOfThisProcess(): WorkerFacts {
  const { pid, thread, id } = readEnvironment();
  return { worker: nextWorkerId(), pid, thread, id, version: VERSION };
}

/** Whether a port could not be opened because another process has it. */
function isBusy(error: unknown): boolean {
  const { cause } = (error ?? {}) as { readonly cause?: { readonly code?: unknown } };
  return cause?.code === "EADDRINUSE";
}
