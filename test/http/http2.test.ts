import assert from "node:assert/strict";
import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createHandler, type HandlerOptions, type Source } from "../../src/index.ts";
import { blockingGatherer } from "../helpers/blocking-gatherer.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { countingGatherer, UP_TEXT } from "../helpers/counting-gatherer.ts";
import { longGatherer } from "../helpers/long-gatherer.ts";
import { createRecorder } from "../helpers/recorder.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { within } from "../helpers/within.ts";

/** A stream as it was when it was closed. */
interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether HTTP says that this is the whole body. */
  readonly isComplete: boolean;
  readonly errorCode: number;
}

/** A session with a handler that is mounted with the compatibility API. */
interface Http2Test {
  readonly session: ClientHttp2Session;
  readonly log: readonly string[];
  get(headers?: Readonly<Record<string, string>>, body?: string): Promise<Received>;
}

async function withHttp2(
  { source = countingGatherer(), ...options }: HandlerOptions & { readonly source?: Source },
  run: (tested: Http2Test) => Promise<void>,
): Promise<void> {
  const errors = captureProcessErrors();
  const recorder = createRecorder();
  const server = createServer(createHandler(source, { logger: recorder, ...options }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await run({ session, log: recorder.lines, get: (...parts) => receive(session, ...parts) });
  } finally {
    session.destroy();
    server.close();
    await within("the end of the server", once(server, "close"));
  }
  await errors.assertNone();
}

function receive(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Received> {
  const stream = session.request({ ":path": "/metrics", ...headers }, { endStream: !body });
  if (body) stream.end(body);
  const chunks: Buffer[] = [];
  let received: IncomingHttpHeaders = {};
  let isComplete = false;
  stream.on("response", (head) => {
    received = head;
  });
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("end", () => {
    isComplete = true;
  });
  stream.on("error", () => {});
  const closed = new Promise<Received>((resolve) => {
    stream.once("close", () => {
      const text = Buffer.concat(chunks).toString();
      resolve({ headers: received, body: text, isComplete, errorCode: stream.rstCode });
    });
  });
  return within("the end of the stream", closed);
}

test("A handler serves HTTP/2", () =>
  withHttp2({ selfMetrics: false }, async ({ get, log }) => {
    const { headers, body, isComplete } = await get();
    assert.equal(headers[":status"], 200);
    assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(headers["content-length"], String(UP_TEXT.length));
    assert.equal(body, UP_TEXT);
    assert.ok(isComplete);
    assert.deepEqual(log, []);
  }));

test("A handler streams a long body over HTTP/2", () =>
  withHttp2({ source: longGatherer(5_000) }, async ({ get, log }) => {
    for (let scrape = 0; scrape < 2; scrape++) {
      const { body, isComplete } = await get();
      assert.equal(body.match(/^long\{padding="x{1000}"\} \d+\n/gm)?.length, 5_000);
      assert.match(body, /\{event="aborted"\} 0\n/);
      assert.ok(isComplete);
    }
    assert.deepEqual(log, []);
  }));

test("A handler answers HEAD, other methods, bodies and hosts over HTTP/2", async () => {
  const source = countingGatherer();
  await withHttp2({ source, allowedHosts: ["127.0.0.1"] }, async ({ get, log }) => {
    const head = await get({ ":method": "HEAD" });
    assert.equal(head.headers[":status"], 200);
    assert.equal(head.headers["content-length"], undefined);
    const post = await get({ ":method": "POST" });
    assert.equal(post.headers[":status"], 405);
    assert.equal(post.headers["allow"], "GET, HEAD, OPTIONS");
    assert.equal((await get({ ":method": "OPTIONS" })).headers[":status"], 204);
    const withBody = await get({ "content-length": "5" }, "hello");
    assert.equal(withBody.headers[":status"], 413);
    assert.equal(withBody.headers["connection"], undefined);
    assert.equal((await get({ ":authority": "evil.example.com" })).headers[":status"], 403);
    assert.equal(source.calls, 0);
    assert.equal((await get()).headers[":status"], 200);
    assert.deepEqual(log, []);
  });
});

test("A handler resets a stream whose body fails after its first byte, and no other", async () => {
  const source = longGatherer(1e8, (read) => {
    if (read === 5_000) throw new Error("the password is 1234");
  });
  await withHttp2({ source }, async ({ get, log }) => {
    const { headers, isComplete, errorCode } = await get();
    assert.equal(headers[":status"], 200);
    assert.equal(errorCode, constants.NGHTTP2_INTERNAL_ERROR);
    assert.equal(isComplete, false);
    assert.equal(log.length, 1);
    assert.equal((await get({ ":method": "HEAD" })).headers[":status"], 200);
  });
});

test("A handler reads no faster than a client of HTTP/2, and resets one that is too slow", async () => {
  const source = longGatherer(1e8);
  await withHttp2({ source, timeoutMs: scaleWait(1_000) }, async ({ session, get, log }) => {
    const stream = session.request({ ":path": "/metrics" });
    // It is not read: the window of the stream is soon used up.
    await once(stream, "response");
    await turnsUntil("the time-out", () => log.length > 0);
    assert.ok(source.read < 5_000, `${source.read} metrics were read`);
    stream.on("error", () => {});
    stream.resume();
    await within("the reset", new Promise((resolve) => stream.once("close", resolve)));
    assert.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
    assert.equal((await get({ ":method": "HEAD" })).headers[":status"], 200);
  });
});

const LEAVINGS = {
  "cancels its stream": (stream: ClientHttp2Stream) => stream.close(constants.NGHTTP2_CANCEL),
  "closes its session": (stream: ClientHttp2Stream) => stream.session?.destroy(),
};

for (const [name, leave] of Object.entries(LEAVINGS)) {
  test(`A client of HTTP/2 that ${name} stops the gathering`, async () => {
    const source = blockingGatherer();
    await withHttp2({ source }, async ({ session, log }) => {
      const stream = session.request({ ":path": "/metrics" });
      stream.on("error", () => {});
      const signal = await source.started();
      leave(stream);
      await turnsUntil("the abort", () => signal.aborted);
      source.release();
      assert.deepEqual(log, []);
    });
  });

  test(`A client of HTTP/2 that ${name} in the middle of a body stops the reading`, async () => {
    const source = longGatherer(1e8);
    await withHttp2({ source }, async ({ session, log }) => {
      const stream = session.request({ ":path": "/metrics" });
      stream.on("error", () => {});
      await once(stream, "data");
      leave(stream);
      await source.stopped();
      assert.deepEqual(log, []);
    });
  });
}
