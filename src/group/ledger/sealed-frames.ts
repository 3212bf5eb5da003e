/** Frames in a file, with a checksum at the end, so that a file that was cut is not taken for a whole one. */

import { nodeModule } from "../../node.ts";
import { nextTurn } from "../../timers.ts";
import {
  encodeHead,
  FrameError,
  type FrameHead,
  type FrameLimits,
  FrameReader,
} from "../frames.ts";

/** What we write ourselves may have long heads: the order of many families. */
const LIMITS: FrameLimits = {
  maxHeadBytes: 4 * 1_024 * 1_024,
  maxBodyBytes: 256 * 1_024 * 1_024,
};

/** The size of the last frame, whatever the checksum is. */
const SEAL_BYTES = 26;

/** A frame to be written. */
export interface Frame {
  readonly head: object;
  readonly body?: ArrayBufferView | undefined;
}

/** A frame that was read. */
export interface ReadFrame {
  readonly head: FrameHead;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** Continues a checksum. */
export function checksum(bytes: Uint8Array, before: number = 0): number {
  return nodeModule("node:zlib").crc32(bytes, before);
}

/** The bytes of frames, and at last those of their checksum. */
export function* sealedBytes(frames: Iterable<Frame>): Generator<Uint8Array> {
  let sum = 0;
  for (const { head, body } of frames) {
    const start = encodeHead(head, body?.byteLength ?? 0);
    sum = checksum(start, sum);
    yield start;
    if (body === undefined || body.byteLength === 0) continue;
    const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    sum = checksum(bytes, sum);
    yield bytes;
  }
  yield encodeHead({ crc: sum.toString(16).padStart(8, "0") }, 0);
}

/**
 * Reads frames, and pauses between them.
 *
 * @throws {FrameError} If they are not what was written.
 */
export async function readSealed(bytes: Uint8Array): Promise<readonly ReadFrame[]> {
  const end = bytes.length - SEAL_BYTES;
  if (end < 0) throw new FrameError("The file was cut");
  const seal = (await readFrames(bytes.subarray(end)))[0]?.head["crc"];
  const content = bytes.subarray(0, end);
  if (seal !== checksum(content).toString(16).padStart(8, "0")) {
    throw new FrameError("The checksum of the file is wrong");
  }
  return readFrames(content);
}

/**
 * Reads frames without a checksum.
 *
 * @throws {FrameError} If they are not what was written.
 */
async function readFrames(bytes: Uint8Array): Promise<readonly ReadFrame[]> {
  const frames: ReadFrame[] = [];
  await eachFrame(bytes, (frame) => frames.push(frame));
  return frames;
}

/** Calls `callback` for each frame, in a turn of its own. */
export async function eachFrame(
  bytes: Uint8Array,
  callback: (frame: ReadFrame) => void,
): Promise<void> {
  const reader = new FrameReader(LIMITS, (head, body) => {
    callback({ head, body });
    return nextTurn();
  });
  await reader.read(bytes);
  if (!reader.isBetweenFrames) throw new FrameError("The file was cut");
}
