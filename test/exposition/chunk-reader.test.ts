import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkReader } from "../../src/exposition/chunk-reader.ts";
import { hasTimeLeft } from "../../src/exposition/time-slice.ts";
import { tick } from "../helpers/turns.ts";
import { createChunks, fail, NEVER } from "./chunks.ts";

/** Takes the next chunk; what is thrown at once rejects, as what is thrown later. */
async function next(reader: ChunkReader): Promise<string | undefined> {
  const chunks = await reader.next(1);
  return chunks && Buffer.concat(chunks).toString();
}

/** Takes the chunks that are left. */
async function drain(reader: ChunkReader): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const text = await next(reader);
    if (text === undefined) return texts;
    texts.push(text);
  }
}

test("ChunkReader returns chunk by chunk, skips pauses, and never reads ahead", async () => {
  const { chunks, state } = createChunks(["", "a", "", "b", "c"]);
  const reader = new ChunkReader(chunks, NEVER);
  await tick();
  assert.equal(state.steps, 0);
  assert.equal(String(await next(reader)), "a");
  await tick();
  assert.equal(state.steps, 2);
  assert.deepEqual(await drain(reader), ["b", "c"]);
  assert.equal(await next(reader), undefined);
});

test("ChunkReader says once that it is over, when the last value is read", async () => {
  const ended: ChunkReader[] = [];
  const { chunks } = createChunks(["a"]);
  const reader = new ChunkReader(chunks, NEVER, { onEnd: (over) => ended.push(over) });
  await next(reader);
  assert.equal(ended.length, 0);
  await next(reader);
  reader.stop();
  await reader.finish();
  assert.deepEqual(ended, [reader]);
});

test("finish() reads all that is left, and next() returns it in order", async () => {
  const { chunks, state } = createChunks(["a", "b", "", "c"]);
  const reader = new ChunkReader(chunks, NEVER);
  const first = await next(reader);
  await reader.finish();
  assert.equal(state.isOver, true);
  assert.deepEqual([String(first), ...(await drain(reader))], ["a", "b", "c"]);
});

test("finish() may be called twice at once, and while a chunk is asked for", async () => {
  const { chunks } = createChunks(["a", "b", "c"]);
  const reader = new ChunkReader(chunks, NEVER);
  const [first] = await Promise.all([next(reader), reader.finish(), reader.finish()]);
  assert.deepEqual([String(first), ...(await drain(reader))], ["a", "b", "c"]);
});

test("next() throws what the encoder throws, each time, and reading ends", async () => {
  let ends = 0;
  const reader = new ChunkReader(createChunks(["a", fail]).chunks, NEVER, { onEnd: () => ends++ });
  await next(reader);
  await assert.rejects(next(reader), { message: "broken" });
  await assert.rejects(next(reader), { message: "broken" });
  assert.equal(ends, 1);
});

test("finish() never rejects: next() throws the failure, and returns nothing of the rest", async () => {
  const reader = new ChunkReader(createChunks(["a", "b", fail]).chunks, NEVER);
  await reader.finish();
  await assert.rejects(next(reader), { message: "broken" });
});

test("ChunkReader throws the reason of its signal, and drops what was read ahead", async () => {
  const controller = new AbortController();
  const { chunks, state } = createChunks(["a", "b", "c"]);
  let ends = 0;
  const reader = new ChunkReader(chunks, controller.signal, { onEnd: () => ends++ });
  await reader.finish();
  const other = createChunks(["a", "b", "c"]);
  const unread = new ChunkReader(other.chunks, controller.signal, { onEnd: () => ends++ });
  await next(unread);
  controller.abort(new Error("gone"));
  assert.deepEqual([state.isOver, other.state.isOver, ends], [true, true, 2]);
  for (const aborted of [reader, unread]) {
    await assert.rejects(next(aborted), { message: "gone" });
  }
});

test("ChunkReader does not begin when its signal has aborted before", async () => {
  const { chunks, state } = createChunks(["a"]);
  let ends = 0;
  const reader = new ChunkReader(chunks, AbortSignal.abort(new Error("gone")), {
    onEnd: () => ends++,
  });
  await reader.finish();
  await assert.rejects(next(reader), { message: "gone" });
  assert.deepEqual([state.steps, ends], [0, 1]);
});

test("stop() ends a reader that waits for its slice", async () => {
  const { chunks, state } = createChunks(["a"]);
  const reader = new ChunkReader(chunks, NEVER);
  while (hasTimeLeft(performance.now()));
  const chunk = next(reader);
  reader.stop();
  assert.equal(await chunk, undefined);
  assert.equal(state.steps, 0);
});

test("stop() keeps what the encoder throws when it is closed for next()", async () => {
  let ends = 0;
  function* broken(): Generator<Uint8Array, void, undefined> {
    try {
      yield Buffer.from("a");
    } finally {
      fail();
    }
  }
  const reader = new ChunkReader(broken(), NEVER, { onEnd: () => ends++ });
  await next(reader);
  reader.stop();
  await assert.rejects(next(reader), { message: "broken" });
  assert.equal(ends, 1);
});

test("stop() ends an iterator that cannot be closed", async () => {
  const reader = new ChunkReader({ next: () => ({ done: false, value: Buffer.from("a") }) }, NEVER);
  assert.equal(String(await next(reader)), "a");
  reader.stop();
  assert.equal(await next(reader), undefined);
});

test("ChunkReader measures the time that the encoder is at work, and no other", async () => {
  const busy = () => {
    const end = performance.now() + 3;
    while (performance.now() < end);
  };
  const startedAt = performance.now();
  const reader = new ChunkReader(createChunks([busy, "a", "b"]).chunks, NEVER);
  assert.equal(reader.durationMs, 0);
  await next(reader);
  const pausedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const pausedMs = performance.now() - pausedAt;
  await drain(reader);
  const otherMs = performance.now() - startedAt - pausedMs;
  assert.ok(reader.durationMs >= 3 && reader.durationMs <= otherMs, `${reader.durationMs} ms`);
});
