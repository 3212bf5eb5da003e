/**
 * One member, as its hub sees it: what comes over its connection, and what that may be.
 *
 * A member says who it is. After that it may only answer questions, and leave. One that breaks this rule is
 * disconnected and counted. Its counters stay in the sums, because its process may still run. Frames are
 * processed one after the other: while one waits for its turn, nothing more is read.
 */
import type { Socket } from "node:net";
import { ProtocolError } from "../../gatherers/remote/protocol-error.ts";
import { showShort } from "../../log/shown-error.ts";
import type { Log } from "../../log.ts";
import { unref } from "../../timers.ts";
import {
  FRAME_LIMITS,
  type FrameHead,
  type FrameLimits,
  GREETING_LIMITS,
  receiveFrames,
  sendFrame,
} from "../frames.ts";
import {
  boundedText,
  type Hello,
  type Place,
  PROTOCOL,
  quoted,
  type Refused,
  readHave,
  readHello,
  readNumbers,
  type Welcome,
} from "../messages.ts";
import { parseWorkerId } from "../worker-id.ts";
import type { Hub } from "./hub.ts";
import type { LeftNumbers } from "./leaving/left-numbers.ts";
import type { Worker } from "./worker.ts";

/** What a connection needs of the process that it is made to. */
export interface ConnectionContext {
  readonly hub: Hub;
  readonly log: Log;
  /** What the application is called, as in `Environment`. */
  readonly name: string;
  /** Where this process answers; `undefined` for a handler. */
  readonly place: Place | undefined;
  /** Names the totals that are retained. */
  readonly era: string;
  /** What workers have left that are not connected any more. */
  readonly left: Pick<LeftNumbers, "remove">;
  /** Keeps all counters for the next hub; returns whether it has. */
  readonly keep: () => Promise<boolean>;
  readonly onJoined: () => void;
  /** Called instead of a welcome when a worker can listen, and this hub cannot. */
  readonly onBetter: () => void;
}

/** How long a peer may take to say who it is, in milliseconds. */
const GREETING_MS = 5_000;

/** How long a peer may take to close its side, in milliseconds. */
const HANG_UP_MS = 1_000;

const MAX_MEMBERS = 1_024;

/** How many numbers all workers together may have. */
const MAX_NUMBERS = 10_000_000;

/** What is said where a limit is reached. */
const LIMITS = {
  members: `a group has at most ${MAX_MEMBERS} workers`,
  numbers: `a group has at most ${MAX_NUMBERS} numbers; look for labels with many values`,
};

const CANNOT_END = "Cannot end the connection of a worker";

/** The kind of faults of peers in the log. */
const PEER = "peer";

/** The connection of one member. */
export class Connection {
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  #timer: NodeJS.Timeout;
  readonly #limits: FrameLimits = {
    ...GREETING_LIMITS,
    // No more than its layout has announced.
    accepts: (bodyBytes) =>
      bodyBytes <= Float64Array.BYTES_PER_ELEMENT * (this.#worker?.mirror.numberCount ?? 0),
  };
  #worker: Worker | undefined;
  /** The order of the families in its last answer. */
  #order: readonly number[] = [];
  /** Whether its last snapshot has begun. */
  #isLast = false;
  /** Whether the peer has nothing more to say. */
  #isOver = false;
  /** The id of a worker that has said that it leaves. */
  #left: string | undefined;
  /** Whether it ends for a fault, so that the peer may return. */
  #isCutOff = false;
  /** Settles when all frames so far have been processed. */
  #processed: Promise<void> = Promise.resolve();

  /** Takes a socket over which nothing has been received but its upgrade. */
  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#timer = unref(setTimeout(() => this.#cutOff("It did not say who it is"), GREETING_MS));
    socket.on("close", () => {
      clearTimeout(this.#timer);
      const ended = this.#processed.then(() => this.#end());
      // A fault of ours must not end the application.
      context.hub.departures.begin(ended.catch((error) => context.log.error(CANNOT_END, error)));
    });
    // The close follows, which says all that matters.
    socket.on("error", () => {});
    // The server allows one side to stay open.
    socket.on("end", () => socket.end());
    receiveFrames(
      socket,
      this.#limits,
      (head, body) => {
        const taken = this.#take(head, body);
        this.#processed = taken.catch(() => {});
        return taken;
      },
      (reason) => this.#cutOff(reason),
    );
  }

  /** Ends the connection: another process answers for all from now on. */
  close(): void {
    this.#isCutOff = true;
    this.#socket.destroy();
  }

  async #take(head: FrameHead, body: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return this.#greet(head);
    // What was on its way when it was refused.
    if (this.#isOver) return;
    if (worker.isGone) throw new ProtocolError("A worker has another connection");
    const { hub } = this.#context;
    switch (head["type"]) {
      case "layout": {
        if (!this.#isLast) worker.expect(Number(head["n"]));
        await hub.applyLayout(worker, head["piece"]);
        if (worker.mirror.numberCount > MAX_NUMBERS) this.#refuse("numbers");
        return;
      }
      case "have": {
        const have = readHave(head);
        worker.expect(have.n);
        if (have.isGiven) {
          const numbers = readNumbers(head, body, this.#order);
          this.#order = numbers.order;
          await hub.applyNumbers(worker, numbers);
        }
        worker.answered(have);
        if (hub.numberCount > MAX_NUMBERS) this.#refuse("numbers");
        return;
      }
      case "last":
        this.#isLast = true;
        await hub.beginLast(worker);
        return;
      case "bye": {
        if (!this.#isLast) throw new ProtocolError("A farewell has no numbers");
        await hub.applyNumbers(worker, { ...readNumbers(head, body, []), isPartial: true });
        this.#worker = undefined;
        this.#left = worker.facts.worker;
        this.#isOver = true;
        await hub.departures.release(worker);
        // Otherwise the member keeps them itself.
        if (await this.#context.keep()) sendFrame(this.#socket, { type: "taken" });
        this.#hangUp();
        return;
      }
      case "again":
        this.#isCutOff = true;
        return;
      default:
        throw new ProtocolError("A message is of no known type");
    }
  }

  async #greet(head: FrameHead): Promise<void> {
    if (this.#isOver) throw new ProtocolError("A message came after the connection was over");
    const { hub, place } = this.#context;
    const hello = readHello(head);
    if (hello.protocol !== PROTOCOL) return this.#refuseVersion(hello);
    if (parseWorkerId(hello.worker) === undefined) throw new ProtocolError("A worker has no id");
    const { hasMetrics } = hello;
    if ((hasMetrics ? hub.workers.size : hub.standbys) >= MAX_MEMBERS)
      return this.#refuse("members");
    clearTimeout(this.#timer);
    Object.assign(this.#limits, FRAME_LIMITS);
    if (hello.canListen && place === undefined) return this.#context.onBetter();
    if (!hasMetrics) return this.#standBy();
    const { worker, pid, thread, id, version } = hello;
    const facts = { worker, pid, thread, id, version };
    const send = (want: object) => void sendFrame(this.#socket, want);
    const added = await hub.join(facts, hello.slot, send);
    this.#worker = added;
    hub.events.joined++;
    this.#context.onJoined();
    this.#welcome(added.slot);
  }

  /** Keeps the connection of a member without metrics, which learns from its end that it may be the hub. */
  #standBy(): void {
    const { hub } = this.#context;
    this.#isOver = true;
    hub.standbys++;
    this.#socket.on("close", () => {
      hub.standbys--;
    });
    this.#welcome(undefined);
  }

  #welcome(slot: number | undefined): void {
    const { hub, place, era } = this.#context;
    const name = boundedText(this.#context.name);
    const welcome: Welcome = { type: "welcome", slot, pid: hub.facts.pid, name, place, era };
    sendFrame(this.#socket, welcome);
  }

  /** Keeps the connection of a worker of another version, so that it counts as long as it is there. */
  #refuseVersion({ pid, version }: Hello): void {
    const { hub, log } = this.#context;
    const message =
      `Process ${pid} runs another version of promhttp (${quoted(version)}) and is left out. ` +
      "Install the same version for all workers";
    log.warn(message, { kind: PEER, name: "version" });
    clearTimeout(this.#timer);
    this.#isOver = true;
    hub.incompatible++;
    hub.events.refused++;
    this.#socket.on("close", () => {
      hub.incompatible--;
    });
    sendFrame(this.#socket, { type: "refused", reason: "protocol" } satisfies Refused);
  }

  #refuse(reason: keyof typeof LIMITS): void {
    const { hub, log } = this.#context;
    hub.events.refused++;
    log.warn(`Refused a worker: ${LIMITS[reason]}`, { kind: PEER, name: reason });
    this.#isOver = true;
    this.#isCutOff = true;
    sendFrame(this.#socket, { type: "refused", reason } satisfies Refused);
    this.#hangUp();
  }

  /** Ends the connection. What the peer has on its way would reset it, and it would not learn the reason. */
  #hangUp(): void {
    clearTimeout(this.#timer);
    // It may not close its side.
    this.#timer = unref(setTimeout(() => this.#socket.destroy(), HANG_UP_MS));
    this.#socket.end();
  }

  #cutOff(reason: unknown): void {
    if (this.#socket.destroyed) return;
    const { hub, log } = this.#context;
    hub.events.refused++;
    const who = this.#worker === undefined ? "A process" : `Worker ${this.#worker.slot}`;
    const why = quoted(typeof reason === "string" ? reason : showShort(reason));
    log.warn(`${who} was disconnected: ${why}`, { kind: PEER, name: "rules" });
    this.#isCutOff = true;
    this.#socket.destroy();
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    const { hub, left } = this.#context;
    if (worker === undefined) {
      // It may have kept its last numbers although they have arrived.
      if (this.#left !== undefined) left.remove(this.#left);
      return;
    }
    this.#worker = undefined;
    // The process of a thread that has ended lives on.
    await hub.departures.depart(worker, !this.#isCutOff && worker.facts.thread > 0);
  }
}
