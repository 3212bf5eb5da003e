import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import { compress } from "../../../src/exposition/compression/compress.ts";
import { turns } from "../../helpers/turns.ts";
import {
  assertCutOff,
  CountingSource,
  captureStreams,
  cut,
  decompress,
  ENCODINGS,
  exposition,
  noise,
  STREAMS,
} from "./helpers.ts";

async function collect(output: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of output) parts.push(part);
  return Buffer.concat(parts);
}

for (const { encoding, skip } of ENCODINGS) {
  test(`compress() with ${encoding} is lossless`, { skip }, async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, async (list) => {
        const output = await collect(
          compress(new CountingSource(list), STREAMS[encoding], undefined),
        );
        assert.deepEqual(decompress(output, encoding), Buffer.concat(list));
      }),
    );
  });

  test(`compress() with ${encoding} ends the output of an empty source`, { skip }, async (t) => {
    const streams = captureStreams(t);
    const output = await collect(compress(new CountingSource([]), STREAMS[encoding], undefined));
    assert.equal(decompress(output, encoding).length, 0);
    assert.deepEqual(
      streams.map((stream) => stream.destroyed),
      [true],
    );
  });

  for (const { kind, body } of [
    { kind: "text", body: exposition(5_000_000) },
    { kind: "noise", body: noise(5_000_000) },
  ]) {
    test(`compress() with ${encoding} buffers little of 5 MB of ${kind} for a slow consumer`, {
      skip,
    }, async (t) => {
      const streams = captureStreams(t);
      const parts: Uint8Array[] = [];
      let mostWaiting = 0;
      for await (const part of compress(
        new CountingSource(cut(body)),
        STREAMS[encoding],
        undefined,
      )) {
        parts.push(part);
        await turns(20);
        const [stream] = streams;
        assert.ok(stream !== undefined);
        mostWaiting = Math.max(mostWaiting, stream.readableLength + stream.writableLength);
        assert.ok(stream.listenerCount("close") <= 2);
      }
      assert.ok(mostWaiting <= 4 * 65536, `${mostWaiting} bytes were waiting`);
      assert.deepEqual(decompress(Buffer.concat(parts), encoding), Buffer.from(body));
    });
  }

  test(`compress() with ${encoding} reads at most a few chunks ahead of its consumer`, {
    skip,
  }, async () => {
    const source = new CountingSource(cut(noise(5_000_000)));
    const output = compress(source, STREAMS[encoding], undefined);
    await output.next();
    await turns(2000);
    assert.ok(source.asked < 8, `${source.asked} chunks were asked for`);
    await output.return();
    assert.equal(source.ended, 1);
  });

  test(`compress() with ${encoding} accepts one chunk larger than its buffers`, {
    skip,
  }, async () => {
    const body = noise(2_000_000);
    const output = await collect(
      compress(new CountingSource([body]), STREAMS[encoding], undefined),
    );
    assert.deepEqual(decompress(output, encoding), Buffer.from(body));
  });

  test(`compress() with ${encoding} lets the producer reuse one buffer`, { skip }, async () => {
    for (const body of [noise(1_000_000), exposition(1_000_000)]) {
      const buffer = new Uint8Array(65536);
      const source = (async function* () {
        for (const chunk of cut(body)) {
          buffer.set(chunk);
          yield buffer.subarray(0, chunk.length);
          buffer.fill(0);
        }
      })();
      const output = await collect(compress(source, STREAMS[encoding], undefined));
      assert.deepEqual(decompress(output, encoding), Buffer.from(body));
    }
  });

  for (const at of [0, 1, 2, 5, 20]) {
    test(`compress() with ${encoding} propagates an error of the source after ${at} chunks`, {
      skip,
    }, async (t) => {
      const streams = captureStreams(t);
      const failure = new Error("The collector failed");
      const source = new CountingSource([...cut(noise(at * 65536)), failure]);
      const parts: Uint8Array[] = [];
      const consume = async (): Promise<void> => {
        for await (const part of compress(source, STREAMS[encoding], undefined)) parts.push(part);
      };
      await assert.rejects(consume, (error) => error === failure);
      assert.equal(source.ended, 1);
      assert.equal(streams[0]?.destroyed, true);
      assertCutOff(Buffer.concat(parts), encoding);
    });
  }

  for (const taken of [1, 2, 5, 10]) {
    test(`compress() with ${encoding} stops when its consumer stops after ${taken} outputs`, {
      skip,
    }, async (t) => {
      const streams = captureStreams(t);
      const source = new CountingSource(cut(noise(5_000_000)));
      const parts: Uint8Array[] = [];
      for await (const part of compress(source, STREAMS[encoding], undefined)) {
        if (parts.push(part) === taken) break;
      }
      assert.equal(source.ended, 1);
      const { asked } = source;
      assert.equal(streams[0]?.destroyed, true);
      assertCutOff(Buffer.concat(parts), encoding);
      await turns(50);
      assert.equal(source.asked, asked);
    });
  }

  test(`compress() with ${encoding} stops when its consumer throws`, { skip }, async (t) => {
    const streams = captureStreams(t);
    const source = new CountingSource(cut(noise(5_000_000)));
    const failure = new Error("The socket was closed");
    const consume = async (): Promise<void> => {
      for await (const _ of compress(source, STREAMS[encoding], undefined)) throw failure;
    };
    await assert.rejects(consume, (error) => error === failure);
    assert.equal(source.ended, 1);
    assert.equal(streams[0]?.destroyed, true);
  });

  test(`compress() with ${encoding} ends the source only after its last write`, {
    skip,
  }, async (t) => {
    const streams = captureStreams(t);
    for (let run = 0; run < 20; run++) {
      let waiting = -1;
      const source = (async function* () {
        try {
          yield* cut(noise(5_000_000), 500_000);
        } finally {
          waiting = streams.at(-1)?.writableLength ?? -1;
        }
      })();
      const output = compress(source, STREAMS[encoding], undefined);
      await output.next();
      await turns(run);
      await output.return();
      assert.equal(waiting, 0);
    }
  });

  test(`compress() with ${encoding} serves many at once`, { skip }, async () => {
    const bodies = Array.from({ length: 20 }, (_, i) => noise(200_000 + i * 1000, i + 1));
    const outputs = await Promise.all(
      bodies.map((body) =>
        collect(compress(new CountingSource(cut(body)), STREAMS[encoding], undefined)),
      ),
    );
    for (const [i, output] of outputs.entries()) {
      assert.deepEqual(decompress(output, encoding), Buffer.from(bodies[i] ?? []));
    }
  });

  test(`compress() with ${encoding} does not block the event loop`, { skip }, async () => {
    const body = exposition(5_000_000);
    let isDone = false;
    let count = 0;
    const output = collect(compress(new CountingSource([body]), STREAMS[encoding], 9)).finally(
      () => {
        isDone = true;
      },
    );
    while (!isDone) {
      await turns(1);
      count++;
    }
    assert.ok(count > 100, `the loop turned ${count} times`);
    assert.ok((await output).length < body.length / 4);
  });

  test(`compress() with ${encoding} shrinks a body of the minimum size`, { skip }, async () => {
    const body = exposition(1_024);
    const output = await collect(
      compress(new CountingSource([body]), STREAMS[encoding], undefined),
    );
    assert.ok(output.length < body.length / 2);
  });
}

test("compress() propagates thrown values that are not errors", async () => {
  for (const thrown of [undefined, null, 0, "text"]) {
    const source = (async function* () {
      yield noise(1000);
      throw thrown;
    })();
    const outcome = await collect(compress(source, STREAMS.gzip, undefined)).then(
      () => "no rejection",
      (reason: unknown) => ({ reason }),
    );
    assert.deepEqual(outcome, { reason: thrown });
  }
});

test("compress() keeps the failure for a consumer that is busy elsewhere", async (t) => {
  const streams = captureStreams(t);
  const failure = new Error("The collector failed");
  const source = new CountingSource([noise(100), noise(100), failure]);
  const output = compress(source, STREAMS.gzip, undefined);
  await output.next();
  const [stream] = streams;
  assert.ok(stream !== undefined);
  if (!stream.closed) await once(stream, "close");
  // An unhandled rejection would fail the test here.
  await turns(10);
  await assert.rejects(output.next(), (error) => error === failure);
  assert.deepEqual(await output.next(), { done: true, value: undefined });
});

test("compress() fails when its stream fails, and ends the source", async (t) => {
  const streams = captureStreams(t);
  const failure = new Error("Out of memory");
  const source = new CountingSource(cut(noise(5_000_000)));
  const consume = async (): Promise<void> => {
    for await (const _ of compress(source, STREAMS.gzip, undefined)) streams[0]?.destroy(failure);
  };
  await assert.rejects(consume, (error) => error === failure);
  assert.equal(source.ended, 1);
});

test("compress() fails when its stream is closed under it", async (t) => {
  const streams = captureStreams(t);
  const source = new CountingSource(cut(noise(5_000_000)));
  const consume = async (): Promise<void> => {
    for await (const _ of compress(source, STREAMS.gzip, undefined)) streams[0]?.destroy();
  };
  await assert.rejects(consume);
  assert.equal(source.ended, 1);
});

test("compress() stops once a source that is under way has settled", async (t) => {
  const streams = captureStreams(t);
  const gate = new EventEmitter();
  let isEnded = false;
  const source = (async function* () {
    try {
      // Small enough that its output leaves room, so that the next chunk is asked for.
      yield noise(100);
      gate.emit("reached");
      await once(gate, "opened");
      yield noise(100);
      assert.fail("asked for another chunk");
    } finally {
      isEnded = true;
    }
  })();
  const reached = once(gate, "reached");
  const output = compress(source, STREAMS.gzip, undefined);
  await output.next();
  await reached;
  const returned = output.return();
  await turns(50);
  assert.equal(isEnded, false);
  gate.emit("opened");
  assert.deepEqual(await returned, { done: true, value: undefined });
  assert.equal(isEnded, true);
  assert.equal(streams[0]?.destroyed, true);
});

test("compress() ignores what the source throws after an early stop", async () => {
  const source = (async function* () {
    try {
      yield* cut(noise(1_000_000));
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: the case under test.
      throw new Error("The source failed while it was closed");
    }
  })();
  for await (const _ of compress(source, STREAMS.gzip, undefined)) break;
});

test("compress() accepts a source without return()", async () => {
  let asked = 0;
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ done: false, value: noise(65536, ++asked) }),
    }),
  };
  for await (const _ of compress(source, STREAMS.gzip, undefined)) break;
  assert.ok(asked < 8);
});

test("compress() fails when the source cannot be iterated", async () => {
  const failure = new TypeError("no iterator");
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => {
      throw failure;
    },
  };
  await assert.rejects(collect(compress(source, STREAMS.gzip, undefined)), (e) => e === failure);
});

test("compress() touches neither the source nor zlib before the first next()", async (t) => {
  const getBuiltinModule = t.mock.method(process, "getBuiltinModule");
  // A variable, since the compiler does not resolve the query that makes it a fresh module.
  const fresh = "../../../src/exposition/compression/compress.ts?fresh";
  const module: { readonly compress: typeof compress } = await import(fresh);
  const source = new CountingSource([noise(10)]);
  const unused = module.compress(source, STREAMS.gzip, undefined);
  const output = module.compress(source, STREAMS.gzip, undefined);
  await unused.return();
  assert.equal(getBuiltinModule.mock.callCount(), 0);
  assert.equal(source.asked, 0);
  await output.next();
  assert.equal(getBuiltinModule.mock.callCount(), 1);
  await output.return();
});

test("compress() rejects an invalid level, and does not touch the source", async () => {
  const source = new CountingSource([noise(10)]);
  await assert.rejects(collect(compress(source, STREAMS.gzip, 10)), RangeError);
  assert.equal(source.asked, 0);
});
