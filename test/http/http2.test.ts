import assert from "node:assert/strict";
import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createHandler, type HandlerOptions, type Source } from "../../src/index.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { blockingGatherer, countingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { within } from "../helpers/within.ts";

/** A stream as it was when it was closed. */
interface Received {
  readonly headers: IncomingHttpHeaders;
  /** Whether HTTP says that this is the whole body. */
  readonly isComplete: boolean;
  readonly errorCode: number;
}

/** A session with a handler that is mounted with the compatibility API. */
interface Http2Test {
  readonly session: ClientHttp2Session;
  readonly log: readonly string[];
  get(headers?: Readonly<Record<string, string>>): Promise<Received>;
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
    await run({ session, log: recorder.lines, get: (headers) => receive(session, headers) });
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
): Promise<Received> {
  const stream = session.request({ ":path": "/metrics", ...headers });
  let received: IncomingHttpHeaders = {};
  let isComplete = false;
  stream.on("response", (head) => {
    received = head;
  });
  stream.resume();
  stream.on("end", () => {
    isComplete = true;
  });
  stream.on("error", () => {});
  const closed = new Promise<Received>((resolve) => {
    stream.once("close", () => {
      resolve({ headers: received, isComplete, errorCode: stream.rstCode });
    });
  });
  return within("the end of the stream", closed);
}

test("a handler resets a stream whose body fails after its first byte, and no other", async () => {
  const source = longGatherer(1e8, (read) => {
    if (read === 5_000) throw new Error("the password is s3cr3t");
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

test("a handler fills no more than the window of HTTP/2, and resets a slow stream", async () => {
  const source = longGatherer(1e8);
  await withHttp2({ source, timeoutMs: scaleWait(1_000) }, async ({ session, get, log }) => {
    const stream = session.request({ ":path": "/metrics" });
    // It is not read: the window of the stream is soon used up.
    await once(stream, "response");
    await turnsUntil("the timeout", () => log.length > 0);
    assert.ok(source.read < 5_000, `${source.read} metrics were read`);
    stream.on("error", () => {});
    stream.resume();
    await within("the reset", new Promise((resolve) => stream.once("close", resolve)));
    assert.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
    assert.equal((await get({ ":method": "HEAD" })).headers[":status"], 200);
  });
});

test("a client of HTTP/2 that closes its session stops the gathering", async () => {
  const source = blockingGatherer();
  await withHttp2({ source }, async ({ session, log }) => {
    session.request({ ":path": "/metrics" }).on("error", () => {});
    const signal = await source.started();
    session.destroy();
    await turnsUntil("the abort", () => signal.aborted);
    source.release();
    assert.deepEqual(log, []);
  });
});

test("a client of HTTP/2 that closes its session stops the reading", async () => {
  const source = longGatherer(1e8);
  await withHttp2({ source }, async ({ session, log }) => {
    const stream = session.request({ ":path": "/metrics" });
    stream.on("error", () => {});
    await once(stream, "data");
    session.destroy();
    await source.stopped();
    assert.deepEqual(log, []);
  });
});
