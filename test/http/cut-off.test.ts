import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Gatherer } from "../../src/model/gatherer.ts";
import type { ValueMetric } from "../../src/model/metric-family.ts";
import { Server } from "../../src/server/server.ts";
import { noise } from "../exposition/compression/helpers.ts";

/** A label value of 1 KB that gzip cannot make much smaller. */
function padding(seed: number): string {
  return Buffer.from(noise(768, seed)).toString("base64");
}

const METRICS_PER_FAMILY = 50;
const FAMILIES = 20;
/** About how many metrics fill a chunk of a response. */
const METRICS_PER_CHUNK = 60;

const PADDINGS = Array.from({ length: FAMILIES * METRICS_PER_FAMILY }, (_, i) => padding(i + 1));

/**
 * A gatherer of about 1 MB in several families, because protobuf gives out whole ones only.
 *
 * @param onRead Called before each metric; what it throws comes out of the iterator.
 */
function megabyte(onRead: (index: number) => void): Gatherer {
  function* metrics(family: number): Generator<ValueMetric> {
    for (let index = 0; index < METRICS_PER_FAMILY; index++) {
      const value = family * METRICS_PER_FAMILY + index;
      onRead(value);
      yield { labels: { padding: PADDINGS[value] }, value };
    }
  }
  const families = Array.from({ length: FAMILIES }, (_, family) => ({
    name: `family_${family}`,
    help: "",
    type: "gauge" as const,
    metrics: { [Symbol.iterator]: () => metrics(family) },
  }));
  return { gather: () => ({ families }) };
}

/** A response as it was when the connection ended. */
interface Received {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
  /** Whether HTTP says that this is the whole body (RFC 9112 §8). */
  readonly isComplete: boolean;
}

/** Sends a request over a socket of its own, and gives back all that comes until it is closed. */
async function receive(port: number, headers: readonly string[]): Promise<Received | undefined> {
  const socket = connect(port, "127.0.0.1");
  const pieces: Buffer[] = [];
  socket.on("data", (piece) => pieces.push(piece));
  // A reset ends a response as visibly as anything can.
  socket.on("error", () => {});
  socket.write(["GET /metrics HTTP/1.1", "Host: test", ...headers, "", ""].join("\r\n"));
  // Not `once()` of node:events, which rejects if the reset comes first.
  await new Promise((resolve) => socket.once("close", resolve));
  return parse(Buffer.concat(pieces));
}

function parse(bytes: Buffer): Received | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const rest = bytes.subarray(end + 4);
  const status = Number(head.split(" ")[1]);
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (length !== undefined) {
    return { status, head, body: rest, isComplete: rest.length === Number(length) };
  }
  assert.match(head, /^transfer-encoding: chunked$/im);
  return { status, head, ...parseChunks(rest) };
}

function parseChunks(bytes: Buffer): Pick<Received, "body" | "isComplete"> {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf("\r\n", at);
    const length = end === -1 ? Number.NaN : Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (length === 0 || Number.isNaN(length)) {
      return { body: Buffer.concat(chunks), isComplete: length === 0 };
    }
    chunks.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}

const ACCEPTS = {
  text: "text/plain",
  OpenMetrics: "application/openmetrics-text;version=1.0.0",
  protobuf:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
} as const;

const CLOSE = "Connection: close";

for (const [format, accept] of Object.entries(ACCEPTS)) {
  for (const encoding of ["identity", "gzip"] as const) {
    const headers = [`Accept: ${accept}`, `Accept-Encoding: ${encoding}`, CLOSE];

    test(`a body that fails in any chunk never looks complete: ${format}, ${encoding}`, async () => {
      let failAt = -1;
      const gatherer = megabyte((index) => {
        if (index === failAt) throw new Error("the disk is on fire");
      });
      const server = await Server.listen(gatherer, "127.0.0.1:0", { logger: false });
      after(() => server.close());
      const port = portOf(server);
      let cutOff = 0;
      for (failAt = 0; failAt < PADDINGS.length; failAt += METRICS_PER_CHUNK) {
        const received = await receive(port, headers);
        if (received?.status === 500) assertFixedText(received);
        else {
          cutOff++;
          assertCutOff(received, encoding);
        }
      }
      // What fails within the first two chunks is a clean 500, what fails later is cut off.
      assert.ok(cutOff >= 13, `${cutOff} responses were cut off`);
      assertWhole(await receive(port, headers), encoding);
    });

    test(`a body ended by a shutdown never looks complete: ${format}, ${encoding}`, async () => {
      for (let endAt = 0; endAt < PADDINGS.length; endAt += 3 * METRICS_PER_CHUNK) {
        const gatherer = megabyte((index) => {
          if (index === endAt) void server.close();
        });
        const server = await Server.listen(gatherer, "127.0.0.1:0", {
          logger: false,
          drainTimeoutMs: 0,
        });
        const received = await receive(portOf(server), headers);
        // It may have been ready before the drain was over.
        if (received?.isComplete) assertWhole(received, encoding);
        else assertCutOff(received, encoding);
        await server.close();
      }
    });
  }
}

function assertCutOff(received: Received | undefined, encoding: "identity" | "gzip"): void {
  if (received === undefined) return;
  assert.equal(received.status, 200);
  assert.equal(received.isComplete, false);
  if (encoding === "gzip") assert.throws(() => gunzipSync(received.body));
}

function assertFixedText({ body, isComplete }: Received): void {
  assert.ok(isComplete);
  assert.equal(body.toString(), "The metrics could not be gathered. See the process log.\n");
}

function assertWhole(received: Received | undefined, encoding: "identity" | "gzip"): void {
  assert.ok(received?.isComplete);
  assert.equal(received.status, 200);
  const plain = encoding === "gzip" ? gunzipSync(received.body) : received.body;
  assert.ok(plain.length > 1_000_000);
  assert.ok(plain.includes(String(PADDINGS.at(-1))));
}

function portOf({ address }: Server): number {
  assert.ok(typeof address === "object");
  return address.port;
}
