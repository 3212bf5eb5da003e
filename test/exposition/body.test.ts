import assert from "node:assert/strict";
import { test } from "node:test";
import { type Body, chunksOf, startBody } from "../../src/exposition/body.ts";
import { ChunkReader } from "../../src/exposition/chunk-reader.ts";
import type { MaybePromise } from "../../src/maybe-promise.ts";
import { createChunks, fail, NEVER } from "./chunks.ts";

/** Starts the body of an encoder at work; more than one letter is too much for a whole. */
function start(chunks: Iterator<Uint8Array>, signal: AbortSignal = NEVER): MaybePromise<Body> {
  return startBody(new ChunkReader(chunks, signal), 1);
}

function streamOf(body: Body): AsyncIterable<Uint8Array> {
  assert.ok(!(body instanceof Uint8Array), "the body is one chunk");
  return chunksOf(body);
}

async function read(body: AsyncIterable<Uint8Array>): Promise<string[]> {
  const texts: string[] = [];
  for await (const chunk of body) texts.push(Buffer.from(chunk).toString());
  return texts;
}

test("startBody() returns an empty body when there is nothing to encode", async () => {
  for (const steps of [[], [""]]) {
    assert.equal(((await start(createChunks(steps).chunks)) as Uint8Array).length, 0);
  }
});

test("startBody() returns one chunk as it is", async () => {
  const { chunks, state } = createChunks(["", "a", ""]);
  const body = await start(chunks);
  assert.ok(body instanceof Uint8Array);
  assert.equal(Buffer.from(body).toString(), "a");
  assert.equal(state.isOver, true);
});

test("startBody() puts chunks together that are small enough", async () => {
  const { chunks, state } = createChunks(["a", "b", "", "c"]);
  const body = await startBody(new ChunkReader(chunks, NEVER));
  assert.ok(body instanceof Uint8Array);
  assert.equal(Buffer.from(body).toString(), "abc");
  assert.equal(state.isOver, true);
});

test("startBody() returns a larger body as a stream, made as it is read", async () => {
  const { chunks, state } = createChunks(["a", "b", "", "c", "d"]);
  const body = streamOf(await start(chunks));
  assert.equal(state.steps, 2);
  assert.deepEqual(await read(body), ["a", "b", "c", "d"]);
  assert.equal(state.isOver, true);
});

for (const position of [0, 1]) {
  test(`startBody() throws when the encoder throws before chunk ${position + 1}`, async () => {
    const { chunks } = createChunks([...["a"].slice(0, position), fail]);
    await assert.rejects(async () => start(chunks), { message: "broken" });
  });
}

test("the body throws what the encoder throws later", async () => {
  const { chunks } = createChunks(["a", "b", fail]);
  await assert.rejects(read(streamOf(await start(chunks))), { message: "broken" });
});

test("startBody() throws the signal's reason, and closes the encoder", () => {
  const { chunks, state } = createChunks(["a", "b"]);
  assert.throws(() => start(chunks, AbortSignal.abort(new Error("gone"))), {
    message: "gone",
  });
  assert.equal(state.steps, 0);
  assert.equal(chunks.next().done, true);
});

test("the body throws the signal's reason when it aborts later, and closes the encoder", async () => {
  const controller = new AbortController();
  const { chunks, state } = createChunks(["a", "b", "c", "d"]);
  const body = streamOf(await start(chunks, controller.signal));
  const texts: string[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of body) {
        texts.push(Buffer.from(chunk).toString());
        if (texts.length === 3) controller.abort(new Error("gone"));
      }
    },
    { message: "gone" },
  );
  assert.deepEqual(texts, ["a", "b", "c"]);
  assert.equal(state.isOver, true);
});

test("the encoder is closed when the reader of the body stops", async () => {
  const { chunks, state } = createChunks(["a", "b", "c"]);
  for await (const _ of streamOf(await start(chunks))) break;
  assert.equal(state.isOver, true);
});

test("the body yields to the event loop while the reader takes every chunk at once", async () => {
  const busy = () => {
    const end = performance.now() + 1;
    while (performance.now() < end);
  };
  const { chunks } = createChunks(Array.from({ length: 20 }, () => [busy, "x"]).flat());
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  count();
  const texts = await read(streamOf(await start(chunks))).finally(() => {
    isOver = true;
  });
  assert.equal(texts.length, 20);
  // 20 ms of work in slices of 2 ms; one slice may be longer where the machine is busy.
  assert.ok(turns >= 4, `${turns} turns`);
});
