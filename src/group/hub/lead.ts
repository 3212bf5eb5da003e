/**
 * A process that answers for its group: the hub, its socket, the port and the ledger, from the election until
 * another process takes its place.
 *
 * It listens to its socket at once, because its members come from then on. It reads what a former hub has
 * left, opens the port, and only then welcomes them.
 */
import type { Socket } from "node:net";
import type { GatherContext, GatherResult } from "../../model/gatherer.ts";
import type { Scrape, WorkerReport } from "../../scrape/exchange.ts";
import { UnavailableError } from "../../scrape/failure.ts";
import { unref } from "../../timers.ts";
import type { PartConfig } from "../border.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { Seat } from "../meeting/seat.ts";
import type { Place, WorkerFacts } from "../messages.ts";
import { atMost } from "../waiting.ts";
import { Connection } from "./connection.ts";
import { type Front, openFront } from "./front.ts";
import { Hub } from "./hub.ts";
import { inherit } from "./inheritance.ts";
import { LeftNumbers } from "./leaving/left-numbers.ts";
import { reportsOf } from "./worker-metrics.ts";
import { WorkerScrapes, workerOf } from "./worker-scrapes.ts";

/** What it takes to lead. */
export interface LeadConfig extends PartConfig {
  readonly seat: Seat;
  readonly facts: WorkerFacts;
  /** The slot that this process had as a member. */
  readonly slot: number | undefined;
  /** Whether another process was the hub before. */
  readonly isChange: boolean;
}

/** How long a scrape waits until the counters are kept, in milliseconds, and which share of its time. */
const MAX_KEEP_MS = 1_000;
const KEEP_SHARE = 0.5;

/** How long after a worker has joined this is kept, in milliseconds: others may join, too. */
const KEEP_SOON_MS = 50;

/**
 * How often a hub looks whether it still has its place, in milliseconds, beside each scrape: without its
 * socket, nobody finds it, and whoever starts meets its port.
 */
const SEAT_MS = 5_000;

/** The time in which one process answers for its group. */
export class Lead {
  readonly hub: Hub;
  /** Answers a scrape for all workers, or for one. */
  readonly scrape: Scrape;
  readonly page: Scrape;
  /** Resolves when it is over. */
  readonly ended: Promise<void>;
  /** Where the port is; `undefined` until it is open. */
  place: Place | undefined;
  readonly #config: LeadConfig;
  readonly #front: Front;
  readonly #ledger: Ledger;
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
  #keepTimer: NodeJS.Timeout | undefined;
  #seatTimer: NodeJS.Timeout | undefined;
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
      onMerged: async (deadlineMs) => {
        const kept = this.#keep(deadlineMs);
        // Of one that is alone, nobody goes on.
        if (this.hub.workers.size + this.hub.absentees.size > 1) await kept;
      },
    });
    this.#workerScrapes = new WorkerScrapes({ hub: this.hub, options, selfMetrics, log });
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
      const { isChange } = this.#config;
      const hasInherited = await inherit(this.hub, this.#ledger, this.#left, isChange);
      if (hasInherited || isChange) this.hub.events.hub_changed++;
      if (this.#isOver) throw new Error("The group was left meanwhile");
      this.hub.begin();
      this.#begin();
      this.place = await this.#config.hosted.open();
      if (hasInherited) this.#keepSoon();
      const check = () => void this.#checkSeat().catch(() => {});
      if (!this.#isOver) this.#seatTimer = unref(setInterval(check, SEAT_MS));
    } catch (error) {
      await this.#stop();
      throw error;
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const socket of waiting) this.#welcome(socket);
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
    // In the same turn: nobody will know what a member says from now on.
    const stopped = this.#stop();
    await this.#ledger.close();
    await stopped;
    return isKept;
  }

  /**
   * Keeps what all workers have counted for the next hub, without a pause: for exit handlers.
   *
   * @returns Whether it has. Before it has what a former hub has left, it must leave that as it is; and
   *   when another process has its place, it is that one's to write.
   */
  leaveNow(): boolean {
    if (this.#isOver || !this.hub.hasBegun) return this.#isKept;
    this.hub.departures.retireNow(this.hub.own, this.#config.local.totals());
    this.#isKept = this.#ledger.writeNow(this.hub.merged.takeRetained());
    return this.#isKept;
  }

  /**
   * Keeps all counters for the next hub. A scraper must not see what that would not know, or the sum could
   * fall; but it does not wait long for a disk.
   *
   * @param deadlineMs When the answer must be there.
   * @returns Whether they are kept.
   */
  async #keep(deadlineMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const written = this.#ledger.write(this.hub.merged.takeRetained());
    const limitMs = Math.min(MAX_KEEP_MS, (deadlineMs - Date.now()) * KEEP_SHARE);
    return (await atMost(written, limitMs)) === true;
  }

  /** Keeps who is there: if all others end before the next scrape, those that have joined go on. */
  #keepSoon(): void {
    this.#keepTimer ??= unref(
      setTimeout(() => {
        this.#keepTimer = undefined;
        if (!this.#isOver) void this.#keep();
      }, KEEP_SOON_MS),
    );
  }

  /** Stops to answer for the group: its members connect to another process. */
  async #stop(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#keepTimer);
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

  /** A lock that was given up by its age proves nothing: another process may have taken the place. */
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
    const { log } = this.#config;
    const connection = new Connection(socket, {
      ...{ hub, log, place, left: this.#left },
      keep: () => this.#keep(),
      onJoined: () => this.#keepSoon(),
    });
    this.#connections.add(connection);
    socket.on("close", () => this.#connections.delete(connection));
  }
}
