import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import type { Socket } from "node:net";
import {
  FRAME_LIMITS,
  type FrameHead,
  receiveFrames,
  sendFrame,
} from "../../../src/group/frames.ts";
import { type Hello, PROTOCOL, UPGRADE } from "../../../src/group/messages.ts";
import { ownWorkerId } from "../../../src/group/worker-id.ts";
import { within } from "../../helpers/within.ts";
import type { TestGroup } from "../groups.ts";

/** A thread of this process, which lives on. */
export const THREAD: string = ownWorkerId().replace(/\d+$/, "9");

/** What a peer says first. */
export const HELLO: Hello = {
  type: "hello",
  protocol: PROTOCOL,
  slot: undefined,
  canListen: false,
  hasMetrics: true,
  worker: THREAD,
  pid: process.pid,
  thread: 9,
  id: "",
  version: "0.1.0",
};

/** A peer of a hub that may break the rules. */
export class Peer {
  readonly socket: Socket;
  readonly received: FrameHead[] = [];
  #wake = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    receiveFrames(
      socket,
      FRAME_LIMITS,
      (head) => {
        this.received.push(head);
        this.#wake();
      },
      () => {},
    );
  }

  static async connect({ folder }: TestGroup): Promise<Peer> {
    const name = readdirSync(folder).find((file) => file.endsWith(".sock"));
    const headers = { Connection: "Upgrade", Upgrade: UPGRADE };
    const asked = request({ socketPath: `${folder}/${name}`, headers }).end();
    const [, socket] = await once(asked, "upgrade");
    return new Peer(socket);
  }

  /** Connects a peer that says who it is, and is welcome. */
  static async join(group: TestGroup, hello: Hello = HELLO): Promise<Peer> {
    const peer = await Peer.connect(group);
    peer.send(hello);
    await peer.message("welcome");
    return peer;
  }

  send(head: object, body?: ArrayBufferView): void {
    sendFrame(this.socket, head, body);
  }

  /** Forgets the messages of a type. */
  forget(type: string): void {
    const others = this.received.filter((head) => head["type"] !== type);
    this.received.splice(0, this.received.length, ...others);
  }

  /** Waits for a message of a type, or of one of several. */
  async message(...types: string[]): Promise<FrameHead> {
    for (;;) {
      const found = this.received.find(({ type }) => types.includes(String(type)));
      if (found !== undefined) return found;
      const arrived = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await within(`the message ${types}`, arrived);
    }
  }

  /** Waits for a question, and answers it with a counter. */
  async answer(value: number): Promise<void> {
    const { n } = await this.message("want");
    const piece = [
      {
        id: 0,
        head: { name: "jobs_total", help: "", type: "counter" },
        shapes: [{ names: [], bounds: [] }],
        splices: [{ at: 0, removed: 0, rows: [[0]] }],
      },
    ];
    this.send({ type: "layout", n, piece });
    const have = { type: "have", n, isGiven: true, isFailing: false, errors: [], order: [0] };
    this.send(have, new Float64Array([value]));
  }

  async closed(): Promise<void> {
    if (this.socket.destroyed) return;
    const closed = new Promise((resolve) => this.socket.once("close", resolve));
    await within("the end of the peer", closed);
  }
}
