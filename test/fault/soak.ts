import assert from "node:assert/strict";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";
import { assertHonest, readAnswer } from "./answer.ts";

/** What the heap may grow by after the warm-up, whatever the number of scrapes: noise. */
const MAX_GROWTH_BYTES = 2 * 1_024 * 1_024;

const CLOSE = "Connection: close";

/** One client each, most of them sound. */
const CLIENTS: readonly ((port: number) => Promise<void>)[] = [
  (port) => exchange(port, request("/metrics", { headers: [CLOSE] })),
  (port) => exchange(port, request("/metrics", { headers: [CLOSE, "Accept-Encoding: gzip"] })),
  (port) =>
    exchange(
      port,
      request("/metrics", { headers: [CLOSE, "Accept: application/openmetrics-text"] }),
    ),
  (port) =>
    exchange(
      port,
      request("/metrics", {
        headers: [
          CLOSE,
          "Accept: application/vnd.google.protobuf; " +
            "proto=io.prometheus.client.MetricFamily; encoding=delimited",
        ],
      }),
    ),
  (port) => exchange(port, "GET /metrics HTTP/1.0\r\n\r\n"),
  (port) => exchange(port, request("/metrics?name[]=fresh", { headers: [CLOSE] })),
  (port) => exchange(port, request("/metrics?%ff", { headers: [CLOSE] })),
  (port) => exchange(port, request("/nothing", { headers: [CLOSE] })),
  (port) => exchange(port, "\x16\x03\x01"),
  (port) => exchange(port, request("/metrics", { headers: ["Content-Length: 5"] })),
  (port) => leave(port, ({ socket }) => socket.destroy()),
  (port) => leave(port, ({ socket }) => socket.end()),
  (port) => leave(port, ({ socket }) => socket.resetAndDestroy()),
  (port) =>
    exchange(
      port,
      request("/metrics", { headers: [CLOSE, "X-Prometheus-Scrape-Timeout-Seconds: 0.0001"] }),
    ),
];

async function exchange(port: number, bytes: string): Promise<void> {
  const connection = new RawConnection(port);
  void connection.send(bytes);
  assertHonest(readAnswer(await connection.closed(), connection.errorCode !== undefined));
}

async function leave(port: number, how: (connection: RawConnection) => void): Promise<void> {
  const connection = new RawConnection(port);
  void connection.send(request("/metrics"));
  await connection.until("the first byte", () => connection.received !== "");
  how(connection);
  await connection.closed();
}

async function scrape(port: number, count: number): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await CLIENTS[next++ % CLIENTS.length]?.(port);
  };
  await Promise.all([work(), work(), work(), work()]);
}

interface Held {
  readonly bytes: number;
  readonly handles: number;
  readonly listeners: number;
}

/**
 * Scrapes a server, with faults between, and asserts that its application holds no more than after a warm-up.
 *
 * @param args Those of the fixture.
 */
export async function assertHoldsNoMore(
  scrapes: number,
  args: readonly string[] = [],
): Promise<void> {
  const child = forkFixture("soak.ts", args);
  const { port } = JSON.parse(await child.line("listening "));
  const held = async (number: number): Promise<Held> => {
    child.tell("held");
    return JSON.parse(await child.line(`held ${number} `));
  };
  const warmUp = Math.max(1_000, scrapes / 10);
  await scrape(port, warmUp);
  const before = await held(1);
  await scrape(port, scrapes - warmUp);
  const after = await held(2);
  child.tell("end");
  const { code, stderr } = await child.exit();
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  assert.ok(after.handles <= before.handles, `${before.handles} handles became ${after.handles}`);
  assert.equal(after.listeners, before.listeners);
  const growth = after.bytes - before.bytes;
  assert.ok(growth < MAX_GROWTH_BYTES, `${before.bytes} bytes grew by ${growth}`);
}
