/**
 * A worker that reports to a hub, over one connection: it says who it is, answers one question after the
 * other, and sends its last numbers when it leaves. When the connection ends, it must look for another hub.
 * One without metrics says who it is, and waits for that end.
 */
import type { Socket } from "node:net";
import { LightSignal, OVER } from "../abort.ts";
import { ProtocolError } from "../gatherers/remote/protocol-error.ts";
import type { Sender } from "../gatherers/remote/sender.ts";
import type { Snapshot } from "../gatherers/remote/snapshot.ts";
import type { Log } from "../log.ts";
import { haveSameElements } from "../model/identity.ts";
import { nodeModule } from "../node.ts";
import { mayWork } from "../scrape/slicing/slices.ts";
import { FRAME_LIMITS, type FrameHead, receiveFrames, sendFrame } from "./frames.ts";
import type { LocalWorker } from "./local/local-worker.ts";
import {
  type Have,
  type Hello,
  type Outcome,
  PROTOCOL,
  type Refused,
  readWant,
  readWelcome,
  UPGRADE,
  type Want,
  type Welcome,
  type WorkerFacts,
} from "./messages.ts";

/** What a member is made of. */
export interface MemberConfig {
  /** Its metrics; `undefined` where it has none. */
  readonly local: LocalWorker | undefined;
  readonly facts: WorkerFacts;
  /** As in `Hello`. */
  readonly canListen: boolean;
  /** The slot that it had before. */
  readonly slot: number | undefined;
  readonly log: Log;
  readonly onWelcome: (welcome: Welcome) => void;
}

/** How long a hub may take to confirm the last numbers, in milliseconds. */
const FAREWELL_MS = 1_000;

/** The connection of a member to its hub. */
export class Member {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Whether the hub has asked it something, or welcomed one that has no metrics, and not refused it since. */
  wasAsked = false;
  readonly #socket: Socket;
  readonly #config: MemberConfig;
  readonly #sender: Sender | undefined;
  readonly #signal = new LightSignal();
  #order: readonly number[] = [];
  #welcomed = false;
  #isAnswering = false;
  #isLeaving = false;
  /** Whether the hub has its last numbers. */
  #isTaken = false;

  /** Takes a connected socket over which nothing has been sent. */
  constructor(socket: Socket, config: MemberConfig) {
    this.#socket = socket;
    this.#config = config;
    this.#sender = config.local?.createSender();
    socket.unref();
    socket.on("error", () => {});
    this.ended = new Promise((resolve) => {
      socket.on("close", () => {
        this.#signal.abort(OVER);
        resolve();
      });
    });
    this.#upgrade();
  }

  /**
   * Sends the last numbers, and waits until the hub has them.
   *
   * @param keep Keeps them elsewhere, if it does not confirm that in time.
   */
  async leave(keep: () => void): Promise<void> {
    this.#isLeaving = true;
    const { local } = this.#config;
    if (local !== undefined && this.#welcomed && !this.#socket.destroyed) {
      await this.#sayFarewell(local);
    }
    // Before the end of the connection, when the hub looks for them.
    if (!this.#isTaken) keep();
    this.#socket.destroy();
    await this.ended;
  }

  /** Sends the last numbers without a pause, if the system is sure to take them: for exit handlers. */
  leaveNow(): void {
    const isIdle = this.#welcomed && !this.#isAnswering && this.#socket.writableLength === 0;
    const { local } = this.#config;
    if (local !== undefined && isIdle && !this.#isLeaving) this.#sendLast(local);
  }

  #upgrade(): void {
    const request = nodeModule("node:http").request({
      createConnection: () => this.#socket,
      headers: { Connection: "Upgrade", Upgrade: UPGRADE },
    });
    request.on("error", () => this.#socket.destroy());
    request.on("response", () => this.#socket.destroy());
    request.on("upgrade", (_response, _socket, first) => {
      if (first.length > 0) this.#socket.unshift(first);
      this.#greet();
    });
    request.end();
  }

  #greet(): void {
    const { local, facts, slot, canListen } = this.#config;
    this.#socket.on("end", () => this.#socket.destroy());
    const onFrame = (head: FrameHead) => this.#take(head);
    receiveFrames(this.#socket, FRAME_LIMITS, onFrame, () => this.#beginAnew());
    sendFrame(this.#socket, {
      type: "hello",
      protocol: PROTOCOL,
      slot,
      canListen,
      hasMetrics: local !== undefined,
      ...facts,
    } satisfies Hello);
  }

  #take(head: FrameHead): void {
    const { log, onWelcome } = this.#config;
    if (head["type"] === "welcome") {
      this.#welcomed = true;
      this.wasAsked ||= this.#sender === undefined;
      onWelcome(readWelcome(head));
    } else if (head["type"] === "taken") this.#isTaken = true;
    else if (head["type"] === "want") {
      if (this.#isAnswering) throw new ProtocolError("A question is open already");
      void this.#answer(readWant(head));
    } else if (head["type"] === "refused") {
      this.wasAsked = false;
      const reason = REASONS.get(head["reason"]) ?? "it did not say why";
      const about = { kind: "refused", name: String(head["reason"]).slice(0, 16) };
      log.warn(`The hub refuses this worker: ${reason}`, about);
    }
  }

  async #answer(want: Want): Promise<void> {
    const { local, log } = this.#config;
    const sender = this.#sender;
    // A hub does not ask one without metrics.
    if (local === undefined || sender === undefined) return;
    this.wasAsked = true;
    this.#isAnswering = true;
    try {
      const { snapshot, ...outcome } = await local.answer(sender, want, this.#signal);
      if (snapshot === undefined) this.#send(headOf(want, outcome));
      else await this.#sendSnapshot(want, outcome, snapshot);
    } catch (error) {
      log.error("Cannot send the metrics of this worker; reconnecting to the hub", error);
      // The hub may have got a part of the layout only.
      this.#beginAnew();
    } finally {
      this.#isAnswering = false;
    }
  }

  async #sendSnapshot(want: Want, outcome: Outcome, snapshot: Snapshot): Promise<void> {
    const { layout, order, isPartial, numbers } = snapshot;
    for (const piece of layout) {
      const pause = mayWork();
      if (pause !== undefined) await pause;
      if (!this.#send({ type: "layout", n: want.n, piece })) await this.#drained();
    }
    const isSameOrder = haveSameElements(order, this.#order);
    this.#order = order;
    const head = { ...headOf(want, outcome), isPartial, ...(!isSameOrder && { order }) };
    this.#send(head, numbers);
  }

  /** Ends the connection to make another. Without the message, the hub would take a thread for dead. */
  #beginAnew(): void {
    this.#send({ type: "again" });
    this.#socket.destroySoon();
  }

  /** Returns whether the socket takes more. */
  #send(head: object, body?: ArrayBufferView): boolean {
    if (this.#isLeaving || this.#socket.destroyed) return true;
    return sendFrame(this.#socket, head, body);
  }

  #drained(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const end = () => {
        socket.off("drain", end).off("close", end);
        resolve();
      };
      socket.on("drain", end).on("close", end);
      if (socket.destroyed) end();
    });
  }

  /** Resolves when the connection has ended, or when that takes too long. */
  #sayFarewell(local: LocalWorker): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, FAREWELL_MS);
      void this.ended.then(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#sendLast(local);
    });
  }

  #sendLast(local: LocalWorker): void {
    const { layout, order, numbers } = local.totals();
    sendFrame(this.#socket, { type: "last" });
    for (const piece of layout) sendFrame(this.#socket, { type: "layout", piece });
    sendFrame(this.#socket, { type: "bye", order }, numbers);
  }
}

function headOf({ n }: Want, outcome: Outcome): Have {
  return { type: "have", n, ...outcome };
}

const REASONS: ReadonlyMap<unknown, string> = new Map<Refused["reason"], string>([
  ["protocol", "it runs another version of promhttp. Install the same one for all workers"],
  ["members", "there are too many workers. Start fewer, or put them into several groups"],
  ["numbers", "the workers have too many series. Look for labels with many values"],
]);
