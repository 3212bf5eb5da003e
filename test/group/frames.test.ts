import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeHead,
  FRAME_LIMITS,
  FrameError,
  type FrameHead,
  type FrameLimits,
  FrameReader,
  GREETING_LIMITS,
  receiveFrames,
  sendFrame,
} from "../../src/group/frames.ts";
import { createGate } from "../helpers/gate.ts";
import { turns } from "../helpers/turns.ts";

interface Frame {
  readonly head: FrameHead;
  readonly body: readonly number[];
}

const FRAMES = fc.array(
  fc.record({
    head: fc.dictionary(fc.string(), fc.jsonValue().map(normal), { noNullPrototype: true }),
    body: fc.array(fc.double()),
  }),
  { maxLength: 6 },
);

/** As JSON gives it back: it has no -0. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function bytesOf(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.flatMap(({ head, body }) => {
      const numbers = new Float64Array(body);
      return [encodeHead(head, numbers.byteLength), Buffer.from(numbers.buffer)];
    }),
  );
}

/** Cuts bytes at some of their positions. */
function* chunksOf(bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  let start = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

test("a stream gives the same frames wherever it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      FRAMES,
      fc.array(fc.nat(), { maxLength: 40 }),
      fc.boolean(),
      async (frames, cuts, isSlow) => {
        const read: Frame[] = [];
        const reader = new FrameReader(FRAME_LIMITS, (head, body) => {
          const numbers = body === undefined ? [] : new Float64Array(body.buffer);
          read.push({ head, body: [...numbers] });
          return isSlow ? Promise.resolve() : undefined;
        });
        for (const chunk of chunksOf(bytesOf(frames), cuts)) await reader.read(chunk);
        assert.equal(
          JSON.stringify(read.map(({ head }) => head)),
          JSON.stringify(frames.map(({ head }) => head)),
        );
        assert.deepEqual(
          read.map(({ body }) => body),
          frames.map(({ body }) => body),
        );
        assert.ok(reader.isBetweenFrames);
      },
    ),
  );
});

test("random bytes give frames or a FrameError, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 })), async (chunks) => {
      const reader = new FrameReader({ maxHeadBytes: 64, maxBodyBytes: 64 }, () => {});
      try {
        for (const chunk of chunks) await reader.read(chunk);
      } catch (error) {
        assert.ok(error instanceof FrameError);
      }
    }),
  );
});

function framed(head: string, bodyBytes: number): Buffer {
  const text = Buffer.from(head);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(text.length, 0);
  lengths.writeUInt32LE(bodyBytes, 4);
  return Buffer.concat([lengths, text]);
}

const VIOLATIONS: readonly [what: string, bytes: Buffer, limits: FrameLimits][] = [
  ["a head above the limit", framed(`"${"x".repeat(4_095)}"`, 0), GREETING_LIMITS],
  ["a body in a greeting", framed("{}", 1), GREETING_LIMITS],
  ["a head of 4 GB", Buffer.alloc(8, 0xff), FRAME_LIMITS],
  ["a body above 64 MiB", framed("{}", 64 * 1_024 * 1_024 + 1), FRAME_LIMITS],
  ["a body that was not announced", framed("{}", 8), { ...FRAME_LIMITS, accepts: () => false }],
  ["an empty head", framed("", 0), FRAME_LIMITS],
  ["a head that is not JSON", framed("{x}", 0), FRAME_LIMITS],
  ["a head that is a list", framed("[]", 0), FRAME_LIMITS],
  ["a head that is null", framed("null", 0), FRAME_LIMITS],
  ["a head of deep lists", framed("[".repeat(200_000), 0), FRAME_LIMITS],
];

for (const [what, bytes, limits] of VIOLATIONS) {
  test(`${what} is a violation, which is reported once`, async () => {
    const stream = new PassThrough();
    const reasons: unknown[] = [];
    const frames: FrameHead[] = [];
    receiveFrames(
      stream,
      limits,
      (head) => void frames.push(head),
      (reason) => reasons.push(reason),
    );
    stream.write(Buffer.concat([bytes, bytes]));
    stream.write(bytes);
    await turns(3);
    assert.equal(reasons.length, 1);
    assert.ok(reasons[0] instanceof FrameError);
    assert.deepEqual(frames, []);
    assert.equal(stream.listenerCount("data"), 0);
  });
}

test("receiveFrames() takes a greeting of 4 KiB, and more after the limits have changed", async () => {
  const stream = new PassThrough();
  const limits: { -readonly [K in keyof FrameLimits]: FrameLimits[K] } = { ...GREETING_LIMITS };
  const heads: FrameHead[] = [];
  receiveFrames(
    stream,
    limits,
    (head) => {
      heads.push(head);
      Object.assign(limits, FRAME_LIMITS);
    },
    assert.ifError,
  );
  const [greeting, second] = [{ text: "x".repeat(4_085) }, { text: "x".repeat(100_000) }];
  assert.equal(encodeHead(greeting, 0).length, 8 + 4_096);
  sendFrame(stream, greeting);
  sendFrame(stream, second, new Float64Array(1_000));
  await turns(3);
  assert.deepEqual(heads, [greeting, second]);
});

test("receiveFrames() reads nothing while a frame is processed", async () => {
  const stream = new PassThrough({ highWaterMark: 1_024 });
  const gate = createGate();
  const heads: FrameHead[] = [];
  receiveFrames(
    stream,
    FRAME_LIMITS,
    (head) => {
      heads.push(head);
      return gate.promise;
    },
    assert.ifError,
  );
  for (let n = 0; n < 3; n++) sendFrame(stream, { n }, new Uint8Array(2_000));
  await turns(5);
  assert.deepEqual(heads, [{ n: 0 }]);
  assert.ok(stream.isPaused());
  assert.equal(stream.write("x"), false);
  gate.open();
  await turns(10);
  assert.deepEqual(heads, [{ n: 0 }, { n: 1 }, { n: 2 }]);
});

for (const isAsync of [false, true]) {
  test(`a frame that ${isAsync ? "rejects" : "throws"} is a violation with its reason`, async () => {
    const stream = new PassThrough();
    const reasons: unknown[] = [];
    const error = new RangeError("no such slot");
    const onFrame = isAsync
      ? () => Promise.reject(error)
      : () => {
          throw error;
        };
    receiveFrames(stream, FRAME_LIMITS, onFrame, (reason) => reasons.push(reason));
    sendFrame(stream, {});
    sendFrame(stream, {});
    await turns(3);
    assert.deepEqual(reasons, [error]);
  });
}

test("a body of many chunks is copied once, and aligned", async () => {
  const bodies: Uint8Array<ArrayBuffer>[] = [];
  const reader = new FrameReader(FRAME_LIMITS, (_head, body) => {
    if (body !== undefined) bodies.push(body);
  });
  const numbers = Float64Array.from({ length: 250_000 }, (_, i) => i / 3);
  const bytes = Buffer.concat([
    encodeHead({ odd: "é" }, numbers.byteLength),
    Buffer.from(numbers.buffer),
  ]);
  for (let at = 0; at < bytes.length; at += 7) await reader.read(bytes.subarray(at, at + 7));
  assert.equal(bodies.length, 1);
  assert.equal(bodies[0]?.byteOffset, 0);
  assert.deepEqual(new Float64Array(bodies[0]?.buffer ?? new ArrayBuffer(0)), numbers);
});
