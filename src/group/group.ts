/**
 * The processes and threads of one application, as one target.
 *
 * They meet in a folder of their user (`meeting/`). Whoever has the socket there is the hub: it answers for
 * all, and opens the port. All others report to it over a connection each, whose end says at once that one
 * of them has died; when the hub dies, they elect another the same way. A scrape that comes to any of them is
 * passed on to the hub (`forwarding.ts`). `hub/` has what a hub knows, `member.ts` what a member does, and
 * `local-worker.ts` is the part of this process in both.
 *
 * Nothing here keeps the process alive, except while it joins. No failure of the group reaches the
 * application once it has joined.
 */
import type { Socket } from "node:net";
import { LightSignal, OVER } from "../abort.ts";
import { messageOf } from "../errors.ts";
import { targetsAnswer } from "../http/targets.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { WorkersSettings } from "../options/workers.ts";
import type { WorkerReport } from "../scrape/exchange.ts";
import { UnavailableError } from "../scrape/failure.ts";
import { unref } from "../timers.ts";
import type { Group, GroupConfig, Hosted, Role } from "./border.ts";
import { onExit } from "./environment.ts";
import { Forwarder, METRICS_PATH, PAGE_PATH } from "./forwarding.ts";
import { Lead } from "./hub/lead.ts";
import { writeLastNumbers } from "./ledger/last-numbers.ts";
import { LocalWorker } from "./local-worker.ts";
import { connect } from "./meeting/connect.ts";
import { type Elected, elect, findHub } from "./meeting/election.ts";
import { type Meeting, meet } from "./meeting/meet.ts";
import type { Seat } from "./meeting/seat.ts";
import { Member } from "./member.ts";
import { type Place, quoted, type Welcome } from "./messages.ts";
import { Reported } from "./reported.ts";
import { atMost, pause } from "./waiting.ts";

export type { Group, GroupConfig, Hosted, Role } from "./border.ts";
export type { Place } from "./messages.ts";

/** Makes the part that this process takes in a group. It does nothing before it joins. */
export function createGroup(config: GroupConfig): Group {
  return new OwnGroup(config);
}

/** How long a process waits for the welcome of a hub, which may be blocked, in milliseconds. */
const WELCOME_MS = 2_000;

/** How long a process waits that could not open the port: at first, and at most. */
const MIN_STAND_MS = 1_000;
const MAX_STAND_MS = 60_000;

/** How often it tries before that: the port of a hub that exits is closed a little later than its socket. */
const QUICK_TRIES = 2;

/** How often such a process looks for another hub, in milliseconds. */
const LOOK_MS = 250;

/** How long a member waits that no hub has asked anything: at first, and at most. */
const MIN_REJOIN_MS = 50;
const MAX_REJOIN_MS = 60_000;

/** The part that this process takes in a group. */
class OwnGroup implements Group {
  readonly gatherer: Gatherer;
  readonly #config: GroupConfig;
  readonly #settings: WorkersSettings;
  readonly #local: LocalWorker;
  #reported: Reported | undefined;
  readonly #forwarder: Forwarder;
  readonly #signal = new LightSignal();
  #hosted: Hosted | undefined;
  #meeting: Meeting | undefined;
  #isAlone = false;
  #lead: Lead | undefined;
  #member: Member | undefined;
  #welcome: Welcome | undefined;
  #slot: number | undefined;
  /** How long it only looks for a hub the next time that there is none. */
  #patienceMs: number;
  #stopWatchingExit = (): void => {};
  /** Settles when this process has ceased to be a member. */
  #life: Promise<void> = Promise.resolve();

  constructor(config: GroupConfig) {
    const { gatherer, options, log } = config;
    this.#config = config;
    if (options.workers === undefined) throw new TypeError('Option "workers" is off');
    this.#settings = options.workers;
    this.#patienceMs = options.workers.patienceMs ?? 0;
    const isCounted = (source: object) => this.#reported?.has(source) ?? true;
    this.#local = new LocalWorker(gatherer, options, log, isCounted);
    this.#forwarder = new Forwarder({ options, log, socketPath: () => this.#socketPath });
    this.gatherer = {
      gather: (context) => {
        if (this.#isAlone) return gatherer.gather(context);
        if (this.#lead !== undefined) return this.#lead.gather(context);
        throw new UnavailableError("Another process answers for all workers now");
      },
    };
  }

  get role(): Role {
    if (this.#isAlone) return "alone";
    return this.#lead === undefined ? "member" : "hub";
  }

  get place(): Place | undefined {
    return this.#lead === undefined ? this.#welcome?.place : this.#lead.place;
  }

  get lock(): LocalWorker["lock"] {
    return this.#local.lock;
  }

  readonly scrape: Group["scrape"] = (request) => {
    if (this.#isAlone) return this.#hosted?.scrape(request);
    return (this.#lead?.scrape ?? this.#forwardScrape)(request);
  };

  readonly page: Group["page"] = (request) => {
    const isHere = this.#isAlone || this.#lead !== undefined;
    return isHere ? this.#hosted?.page(request) : this.#forwardPage(request);
  };

  readonly #forwardScrape: Group["scrape"] = (request) =>
    this.#forwarder.scrapeOf(METRICS_PATH)(request);

  readonly #forwardPage: Group["page"] = (request) => this.#forwarder.scrapeOf(PAGE_PATH)(request);

  async join(hosted: Hosted): Promise<void> {
    this.#hosted = hosted;
    try {
      this.#meeting = meet(this.#settings.group, this.#config.address);
    } catch (error) {
      return this.#beAlone(error);
    }
    this.#reported = new Reported(this.#meeting.key);
    this.#stopWatchingExit = onExit(() => this.#exit());
    await this.#joinSoon();
  }

  /** Takes a part in the group, or goes on trying: a hub that is stopped accepts nobody. */
  async #joinSoon(): Promise<void> {
    const election = this.#elect();
    let elected: Elected | undefined;
    try {
      elected = await atMost(election, WELCOME_MS);
    } catch (error) {
      // The folder cannot be used, or the group is closed already.
      if (!this.#signal.aborted) await this.#beAlone(error);
      return;
    }
    if (elected === undefined) {
      this.#life = this.#live(election);
      return;
    }
    await this.#begin(elected);
    this.#life = this.#live();
  }

  /** Answers for this process only, as without the option. */
  async #beAlone(error: unknown): Promise<void> {
    this.#stopWatchingExit();
    this.#isAlone = true;
    if (this.#patienceMs === Number.POSITIVE_INFINITY) return;
    this.#config.log.note(`Each worker is served for itself: ${messageOf(error)}`);
    await this.#hosted?.open();
  }

  async targets(head: Parameters<Group["targets"]>[0], path: string | undefined) {
    const slots = this.#lead === undefined ? await this.#forwarder.slots() : this.#lead.slots();
    return targetsAnswer(head, path, slots, this.#settings.label);
  }

  workers(): readonly WorkerReport[] {
    return this.#lead?.reports() ?? [];
  }

  setFailing(message?: string): void {
    this.#local.setFailing(message);
  }

  setOk(): void {
    this.#local.setOk();
  }

  async close(): Promise<void> {
    this.#signal.abort(OVER);
    if ((await this.#lead?.leave()) === false) this.#keepLast();
    await this.#member?.leave(() => this.#keepLast());
    this.#stopWatchingExit();
    await this.#life;
    this.#reported?.close();
    this.#local.close();
    this.#forwarder.close();
  }

  get #socketPath(): string {
    const { folder, key } = this.#meeting ?? {};
    return `${folder?.path ?? ""}/${key ?? ""}.sock`;
  }

  /** Runs in the exit handler of the process, which must not throw. */
  #exit(): void {
    // The handlers of the application come after this one.
    try {
      if (this.#lead?.leaveNow()) return;
    } catch (error) {
      this.#config.log.error("Cannot keep what all workers have counted", error);
    }
    this.#keepLast();
  }

  /** Keeps what this process has counted, for the hub of now or the next. */
  #keepLast(): void {
    try {
      writeLastNumbers(this.#metAt, this.#metAt.facts.worker, this.#local.totals());
    } catch (error) {
      this.#config.log.error("Cannot keep the last numbers of this worker in a file", error);
      this.#member?.leaveNow();
    }
  }

  get #metAt(): Meeting {
    if (this.#meeting === undefined) throw new Error("The group was not joined");
    return this.#meeting;
  }

  async #elect(): Promise<Elected> {
    const { folder, key } = this.#metAt;
    const limitMs = this.#patienceMs;
    if (Number.isFinite(limitMs)) this.#patienceMs = 0;
    const socket = await findHub(folder, key, this.#signal, limitMs);
    if (socket !== undefined) return { role: "member", socket };
    return elect(folder, key, this.#signal);
  }

  /** Takes the first part in the group. A port that is busy may be that of a hub which is starting. */
  async #begin(elected: Elected): Promise<void> {
    if (elected.role === "member") return this.#follow(elected.socket);
    try {
      await this.#takeLead(elected.seat);
    } catch (error) {
      const second = await this.#elect();
      if (second.role === "member") return this.#follow(second.socket);
      await second.seat.leave();
      throw error;
    }
  }

  /**
   * Goes from one part to the next until the group is closed. It never rejects.
   *
   * @param election One that is going on.
   */
  async #live(election?: Promise<Elected>): Promise<void> {
    let first = election;
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
        const elected = await (first ?? this.#elect());
        first = undefined;
        if (elected.role === "member") void this.#follow(elected.socket);
        else await this.#takeLead(elected.seat);
        standMs = MIN_STAND_MS;
        quickTries = 0;
      } catch (error) {
        first = undefined;
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

  async #takeLead(seat: Seat): Promise<void> {
    const { options, log } = this.#config;
    const hosted = this.#hosted;
    if (hosted === undefined) throw new Error("The group was not joined");
    const lead = new Lead({
      ...{ seat, options, log },
      local: this.#local,
      facts: this.#metAt.facts,
      slot: this.#slot,
      settings: this.#settings,
      hosted,
      meeting: this.#metAt,
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

  /** Resolves when the hub has welcomed this process, or has had its time for that. */
  #follow(socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      const timer = unref(setTimeout(resolve, WELCOME_MS));
      this.#member = new Member(socket, {
        local: this.#local,
        facts: this.#metAt.facts,
        slot: this.#slot,
        log: this.#config.log,
        onWelcome: (welcome) => {
          clearTimeout(timer);
          this.#welcome = welcome;
          this.#settings.onJoined?.({ pid: welcome.pid, name: quoted(welcome.name) });
          this.#slot = welcome.slot;
          resolve();
        },
      });
    });
  }

  /** Looks for a hub for some time, without standing for election. */
  async #lookForHub(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    while (performance.now() < until && !this.#signal.aborted) {
      const socket = await connect(this.#socketPath).catch(() => undefined);
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

const STANDING = { kind: "standing" };
