/**
 * Messages over a stream of bytes: the length of the head and that of the body, each as a `u32` in
 * little-endian order, the head as JSON, and the body as it is.
 *
 * The peer is not trusted to keep the rules. Nothing is parsed or allocated before its length is checked,
 * and nothing is read while a frame is processed.
 */
import type { Duplex, Writable } from "node:stream";

/** What a peer may send. It is read anew for each frame, so that a greeting may change it. */
export interface FrameLimits {
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
  /** Whether a body of this length may come now; without it, every length up to the limit may. */
  accepts?(bodyBytes: number): boolean;
}

/** The head of a frame: whatever JSON object a peer has sent. */
export type FrameHead = Readonly<Record<string, unknown>>;

/** What is received: the body is a copy, aligned for every typed array, and belongs to the callback. */
export type OnFrame = (
  head: FrameHead,
  body: Uint8Array<ArrayBuffer> | undefined,
) => void | Promise<void>;

/** For a peer that has not said who it is. */
export const GREETING_LIMITS: FrameLimits = { maxHeadBytes: 4 * 1_024, maxBodyBytes: 0 };

/** For everybody else. Parsing a head of this length takes 3 ms at most. */
export const FRAME_LIMITS: FrameLimits = {
  maxHeadBytes: 256 * 1_024,
  maxBodyBytes: 64 * 1_024 * 1_024,
};

/** How a peer broke the rules. */
export class FrameError extends Error {}

/** The bytes before a head: both lengths. */
const LENGTHS_BYTES = 8;

/**
 * Writes a frame.
 *
 * @param body Must not change until it is written, unless the stream copies.
 * @returns Whether the stream takes more, as `write()` does.
 */
export function sendFrame(stream: Writable, head: object, body?: ArrayBufferView): boolean {
  const start = encodeHead(head, body?.byteLength ?? 0);
  if (body === undefined || body.byteLength === 0) return stream.write(start);
  stream.cork();
  stream.write(start);
  const goesOn = stream.write(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  stream.uncork();
  return goesOn;
}

/** The lengths and the head of a frame, which its body follows. */
export function encodeHead(head: object, bodyBytes: number): Buffer {
  const text = JSON.stringify(head);
  const bytes = Buffer.allocUnsafe(LENGTHS_BYTES + Buffer.byteLength(text));
  bytes.writeUInt32LE(bytes.length - LENGTHS_BYTES, 0);
  bytes.writeUInt32LE(bodyBytes, 4);
  bytes.write(text, LENGTHS_BYTES);
  return bytes;
}

/**
 * Receives frames, and processes them one after the other: the stream is paused while `onFrame` has not
 * settled, so that no more than one chunk of it waits.
 *
 * @param onViolation Called once, with the reason, when the peer breaks the rules or `onFrame` fails.
 *   Nothing is received after that; the caller ends the connection.
 */
export function receiveFrames(
  stream: Duplex,
  limits: FrameLimits,
  onFrame: OnFrame,
  onViolation: (reason: unknown) => void,
): void {
  const reader = new FrameReader(limits, onFrame);
  const onData = (chunk: Uint8Array) => {
    let pending: Promise<void> | undefined;
    try {
      pending = reader.read(chunk);
    } catch (error) {
      fail(error);
    }
    if (pending === undefined) return;
    stream.pause();
    pending.then(() => stream.resume(), fail);
  };
  const fail = (reason: unknown) => {
    stream.off("data", onData);
    stream.pause();
    onViolation(reason);
  };
  stream.on("data", onData);
}

/** Makes frames of chunks of bytes, whatever their boundaries. */
export class FrameReader {
  readonly #limits: FrameLimits;
  readonly #onFrame: OnFrame;
  /** What is being filled: the lengths, a head or a body. */
  #part: Uint8Array<ArrayBuffer> = new Uint8Array(LENGTHS_BYTES);
  #filled = 0;
  #stage: "lengths" | "head" | "body" = "lengths";
  #bodyBytes = 0;
  #head: FrameHead = {};

  constructor(limits: FrameLimits, onFrame: OnFrame) {
    this.#limits = limits;
    this.#onFrame = onFrame;
  }

  /** Whether the bytes so far end between two frames. */
  get isBetweenFrames(): boolean {
    return this.#stage === "lengths" && this.#filled === 0;
  }

  /**
   * Reads a chunk. If it returns a promise, the next one must not be read before that has resolved.
   *
   * @throws {FrameError} When the bytes break the rules; also what `onFrame` throws.
   */
  read(chunk: Uint8Array): Promise<void> | undefined {
    let at = 0;
    while (at < chunk.length) {
      const taken = Math.min(chunk.length - at, this.#part.length - this.#filled);
      this.#part.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled < this.#part.length) return undefined;
      const pending = this.#complete();
      if (pending !== undefined) return this.#readRest(pending, chunk.subarray(at));
    }
    return undefined;
  }

  async #readRest(pending: Promise<void>, rest: Uint8Array): Promise<void> {
    await pending;
    await this.read(rest);
  }

  #complete(): Promise<void> | undefined {
    const part = this.#part;
    if (this.#stage === "lengths") return this.#expectHead(part);
    if (this.#stage === "body") return this.#finish(part);
    this.#head = parseHead(part);
    if (this.#bodyBytes === 0) return this.#finish(undefined);
    if (this.#limits.accepts?.(this.#bodyBytes) === false) {
      throw new FrameError(`A body of ${this.#bodyBytes} bytes was not expected`);
    }
    // The system has no memory for it before it is filled.
    this.#expect("body", this.#bodyBytes);
    return undefined;
  }

  #expectHead(lengths: Uint8Array<ArrayBuffer>): undefined {
    const view = new DataView(lengths.buffer);
    const headBytes = view.getUint32(0, true);
    this.#bodyBytes = view.getUint32(4, true);
    const { maxHeadBytes, maxBodyBytes } = this.#limits;
    if (headBytes < 2 || headBytes > maxHeadBytes || this.#bodyBytes > maxBodyBytes) {
      throw new FrameError(`A frame of ${headBytes} and ${this.#bodyBytes} bytes is not allowed`);
    }
    this.#expect("head", headBytes);
  }

  #finish(body: Uint8Array<ArrayBuffer> | undefined): Promise<void> | undefined {
    const head = this.#head;
    this.#expect("lengths", LENGTHS_BYTES);
    return this.#onFrame(head, body) ?? undefined;
  }

  #expect(stage: "lengths" | "head" | "body", bytes: number): void {
    this.#stage = stage;
    this.#part = new Uint8Array(bytes);
    this.#filled = 0;
  }
}

function parseHead(bytes: Uint8Array<ArrayBuffer>): FrameHead {
  let head: unknown;
  try {
    head = JSON.parse(Buffer.from(bytes.buffer).toString());
  } catch {
    throw new FrameError("The head of a frame is not JSON");
  }
  if (typeof head === "object" && head !== null && !Array.isArray(head)) return head as FrameHead;
  throw new FrameError("The head of a frame is not an object");
}
