import { connect, type NetConnectOpts, Socket } from "node:net";
import { within } from "../within.ts";
import { parseResponse, type RawResponse } from "./parse-response.ts";

/** The most that Node reads at once. */
const READ_BYTES = 65_536;

/** A client that sends bytes, and shows every byte that it receives. */
export class RawConnection {
  readonly socket: Socket;
  readonly #closed: Promise<void>;
  /** All that was received and not taken yet, byte by byte (latin1). */
  received = "";
  /** The last seven bytes that were received. */
  tail = "";
  /** Whether a response may end with the last piece: each ends a line, and a full piece has a next. */
  #mayEnd = false;
  #isClosed = false;
  /** What broke the connection, such as `ECONNRESET`. */
  errorCode: string | undefined;

  /** @param target Where to connect to; or a socket that connects, such as one of TLS. */
  constructor(target: number | NetConnectOpts | Socket) {
    this.socket = target instanceof Socket ? target : connect(optionsOf(target));
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code;
    });
    this.#closed = new Promise((resolve) => {
      this.socket.once("close", () => {
        this.#isClosed = true;
        resolve();
      });
    });
    this.socket.on("data", (piece) => {
      const text = piece.toString("latin1");
      this.received += text;
      this.tail = (this.tail + text.slice(-7)).slice(-7);
      const isFull = text.length === READ_BYTES && !text.endsWith("\r\n0\r\n\r\n");
      this.#mayEnd = text.endsWith("\n") && !isFull;
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when the connection is open. */
  async opened(): Promise<this> {
    if (this.socket.connecting) {
      await within("a connection", new Promise((resolve) => this.socket.once("ready", resolve)));
    }
    return this;
  }

  /** Writes literal bytes, and resolves when the kernel has them. */
  async send(bytes: string | Uint8Array): Promise<void> {
    const sent = new Promise<void>((resolve) => {
      this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, () =>
        resolve(),
      );
    });
    await within("sending bytes", sent);
  }

  /** Takes the next complete response. */
  async response(options: { readonly isHead?: boolean } = {}): Promise<RawResponse> {
    let response: RawResponse | undefined;
    await this.until("a complete response", () => {
      // Each look copies all pieces into one: at every piece of 20 MB that takes 3 s.
      if (this.#mayEnd) response = parseResponse(this.received, options.isHead);
      return response !== undefined;
    });
    if (response === undefined) {
      throw new Error(
        `The connection was closed after: ${JSON.stringify(this.received.slice(0, 500))}`,
      );
    }
    this.received = response.rest;
    return response;
  }

  /** Waits until `isDone` says so, asked at each piece of data, or the connection is closed. */
  async until(what: string, isDone: () => boolean): Promise<void> {
    let settle = () => {};
    const done = new Promise<void>((resolve) => {
      settle = () => {
        if (isDone() || this.#isClosed) resolve();
      };
    });
    this.socket.on("data", settle).on("close", settle);
    settle();
    try {
      await within(what, done);
    } finally {
      this.socket.off("data", settle).off("close", settle);
    }
  }

  /** Waits until the connection is closed; returns what was received and not taken. */
  async closed(): Promise<string> {
    await within("the connection to be closed", this.#closed);
    return this.received;
  }
}

function optionsOf(target: number | NetConnectOpts): NetConnectOpts {
  return typeof target === "number" ? { port: target, host: "127.0.0.1" } : target;
}
