/**
 * A process that answers for its group: the hub, its socket, the port and the ledger, from the election until
 * another process takes its place.
 *
 * It listens to its socket at once, because its members come from then on. It reads what a former hub has
 * left, opens the port, and only then welcomes them.
 */
import type { Socket } from "node:net";
import type { GatherContext, GatherResult } from "../../model/gatherer.ts";
import { nodeModule } from "../../node.ts";
import type { Scrape, WorkerReport } from "../../scrape/exchange.ts";
import { UnavailableError } from "../../scrape/failure.ts";
import { unref } from "../../timers.ts";
import type { Hosted, PartConfig } from "../border.ts";
import { endingPid, readEnvironment } from "../environment.ts";
import { Ledger } from "../ledger/ledger.ts";
import { type Seat, socketOf } from "../meeting/seat.ts";
import type { Place, WorkerFacts } from "../messages.ts";
import { Connection } from "./connection.ts";
import { type Front, openFront } from "./front.ts";
import { Hub } from "./hub.ts";
import { inherit } from "./inheritance.ts";
import { Keeping } from "./keeping.ts";
import { LeftNumbers } from "./leaving/left-numbers.ts";
import { reportsOf } from "./worker-metrics.ts";
import { WorkerScrapes, workerOf } from "./worker-scrapes.ts";

/** What it takes to lead. */
export interface LeadConfig extends PartConfig {
  readonly hosted: Hosted;
  readonly seat: Seat;
  readonly facts: WorkerFacts;
  /** The slot that this process had as a member. */
  readonly slot: number | undefined;
  /** Which totals the hub before retained, if that was another process. */
  readonly formerEra: string | undefined;
}

/**
 * How often a hub checks that its socket is still there, in milliseconds, besides at each scrape: without it,
 * a worker that starts finds no hub, and a busy port. It tries again for twice as long (`part.ts`).
 */
const SEAT_MS = 500;

/** The time in which one process answers for its group. */
export class Lead {
  readonly hub: Hub;
  /** Answers a scrape for all workers, or for one. */
  readonly scrape: Scrape;
  readonly page: Scrape;
  /** Resolves when it is over. */
  readonly ended: Promise<void>;
  /** Whether it is over because another worker can listen. */
  hasGivenWay = false;
  /** Where the port is; `undefined` until it is open, and for a handler. */
  place: Place | undefined;
  readonly #config: LeadConfig;
  readonly #front: Front;
  readonly #ledger: Ledger;
  readonly #keeping: Keeping;
  readonly #left: LeftNumbers;
  readonly #workerScrapes: WorkerScrapes;
  readonly #connections = new Set<Connection>();
  /** Members that came before the port was open. */
  #waiting: Socket[] | undefined = [];
  readonly #begun: Promise<void>;
  #begin = (): void => {};
  #end = (): void => {};
  #isOver = false;
  /** Whether another process has its place. */
  #isLost = false;
  #seatTimer: NodeJS.Timeout | undefined;
  /** Whether another process had its place at the last look. */
  #wasTaken = false;
  /** Whether the next hub will know what all workers have counted, to the last number of this one. */
  #isKept = false;

  constructor(config: LeadConfig) {
    this.#config = config;
    const { options, hosted, log, seat, meeting } = config;
    const { selfMetrics } = hosted;
    this.#ledger = new Ledger({ ...meeting, seat, log });
    this.#left = new LeftNumbers(meeting, log, this.#ledger, () => !this.#isOver);
    this.hub = new Hub({
      ...config,
      selfMetrics,
      ledger: this.#ledger,
      left: this.#left,
      onMerged: (deadlineMs) => this.#keeping.beforeAnswer(deadlineMs),
    });
    this.#keeping = new Keeping(this.hub, this.#ledger);
    this.#workerScrapes = new WorkerScrapes({
      ...{ hub: this.hub, options, selfMetrics, log },
      sourceNames: config.sourceNames,
    });
    this.scrape = (request) => {
      const slot = workerOf(request.query);
      return slot === undefined
        ? hosted.scrape(request)
        : this.#workerScrapes.answer(slot, request);
    };
    this.page = hosted.page;
    this.#begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#front = openFront(seat.server, {
      ...{ scrape: this.scrape, page: this.page },
      slots: () => this.slots(),
      onMember: (socket) => this.#welcome(socket),
      log,
    });
  }

  /**
   * Opens the port, and then welcomes the members. A process that does not get the port has changed nothing of
   * what a former hub has left, which may be there still.
   *
   * @throws What `Hosted.open()` throws. Then it has stopped.
   */
  async open(): Promise<void> {
    try {
      const { formerEra, local } = this.#config;
      const hasInherited = await inherit(this.hub, this.#ledger, this.#left, formerEra);
      if (local !== undefined) local.era = this.era;
      if (hasInherited || formerEra !== undefined) this.hub.events.hub_changed++;
      if (this.#isOver) throw new Error("The group was left meanwhile");
      this.hub.begin();
      this.#begin();
      this.place = await this.#config.hosted.open();
      if (hasInherited) this.#keeping.keepSoon();
      const look = () => void this.#lookAtSeat().catch(() => {});
      if (!this.#isOver) this.#seatTimer = unref(setInterval(look, SEAT_MS));
    } catch (error) {
      await this.#stop();
      throw error;
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const socket of waiting) this.#welcome(socket);
  }

  /** Names the totals that are retained (`Ledger.era`). */
  get era(): string {
    return this.#ledger.era;
  }

  /** Gathers from all workers; the rules of `Gatherer` hold. */
  async gather(context: GatherContext): Promise<GatherResult> {
    await this.#begun;
    // Before, because the ledger is written only for a place that is ours; after, because another hub does
    // not know what this one has just counted.
    await this.#checkSeat();
    const result = await this.hub.gather(context);
    await this.#checkSeat();
    return result;
  }

  /** The workers, for the page. */
  reports(): readonly WorkerReport[] {
    return reportsOf(this.hub.workers);
  }

  /** Their slots, for service discovery. */
  slots(): readonly number[] {
    return this.reports().map(({ slot }) => slot);
  }

  /**
   * Leaves the group: what this process has counted goes on to count.
   *
   * @returns As `leaveNow()` does.
   */
  async leave(): Promise<boolean> {
    const isKept = this.leaveNow();
    // In the same turn: what a member says from now on is in no ledger.
    const stopped = this.#stop();
    const pid = endingPid();
    if (isKept && pid !== undefined) {
      const { meeting } = this.#config;
      const path = socketOf(meeting.folder, meeting.key);
      this.#ledger.removeAtExit(pid, () => nodeModule("node:fs").existsSync(path));
    }
    await this.#ledger.close();
    await stopped;
    return isKept;
  }

  /**
   * Keeps what all workers have counted for the next hub, without a pause: for exit handlers.
   *
   * @param pid This process, if it is about to end.
   * @returns Whether it has. It must not replace what a former hub has left before it has read that, nor
   *   what another process writes that has taken its place.
   */
  leaveNow(pid?: number): boolean {
    if (this.#isOver || !this.hub.hasBegun) return this.#isKept;
    const { own, departures } = this.hub;
    const { local } = this.#config;
    if (own !== undefined && local !== undefined) departures.retireNow(own, local.totals());
    // Without a pause.
    for (const _ of this.hub.mergeSilently());
    this.#isKept = this.#keeping.keepNow(pid);
    return this.#isKept;
  }

  /** Lets a worker that can listen take its place: without a port, no scraper would reach the group. */
  async #giveWay(): Promise<void> {
    if (this.hasGivenWay) return;
    this.hasGivenWay = true;
    await this.#keeping.keep();
    await this.#stop();
  }

  /** Stops answering for the group: its members connect to another process. */
  async #stop(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#keeping.stop();
    clearInterval(this.#seatTimer);
    for (const socket of this.#waiting ?? []) socket.destroy();
    // Before its members are told: they must not find it again.
    const left = this.#config.seat.leave();
    this.#front.close();
    for (const connection of this.#connections) connection.close();
    this.hub.close();
    this.#workerScrapes.close();
    await left;
    this.#end();
  }

  /** One look does not count: whoever starts has the place for a moment, until it has met the port. */
  async #lookAtSeat(): Promise<void> {
    const isTaken = (await this.#config.seat.check()) === "taken";
    if (isTaken && this.#wasTaken) await this.#checkSeat();
    this.#wasTaken = isTaken;
  }

  /** A lock that was given up because of its age proves nothing: another process may have taken the place. */
  async #checkSeat(): Promise<void> {
    // When it has left its place, it does not see who has that.
    if ((await this.#config.seat.check()) !== "taken" && !this.#isLost) return;
    this.#isLost = true;
    if (!this.#isOver) {
      this.#config.log.note("Another process answers for all workers now; this one reports to it");
      void this.#stop();
      void this.#config.hosted.shut();
    }
    throw new UnavailableError("Another process answers for all workers now");
  }

  #welcome(socket: Socket): void {
    socket.unref();
    if (this.#waiting !== undefined) {
      socket.on("error", () => {});
      this.#waiting.push(socket);
      return;
    }
    if (socket.destroyed) return;
    const { hub, place } = this;
    const { log, settings } = this.#config;
    const { name } = settings.application ?? readEnvironment();
    const connection = new Connection(socket, {
      ...{ hub, log, name, place, left: this.#left, era: this.#ledger.era },
      keep: () => this.#keeping.keep(),
      onJoined: () => this.#keeping.keepSoon(),
      onBetter: () => void this.#giveWay(),
    });
    this.#connections.add(connection);
    socket.on("close", () => this.#connections.delete(connection));
  }
}
