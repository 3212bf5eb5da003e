import assert from "node:assert/strict";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { createServer } from "node:tls";
import { createHandler, type Source } from "../../src/index.ts";
import { resolveOptions } from "../../src/options/rules.ts";
import { Connections } from "../../src/server/connections.ts";
import { createHttpFront } from "../../src/server/http-server.ts";
import { listen } from "../../src/server/listen/listen.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { UP_TEXT } from "../helpers/families.ts";
import { blockingGatherer, countingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import { refusal, withoutDate } from "../helpers/http/refusal.ts";
import { CERTIFICATE, connectTls } from "../helpers/http/tls.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";

// The server has no TLS. These tests put it between the accepted sockets and HTTP, where it would stand.

const SCRAPE = request("/metrics");

interface TlsTest {
  readonly connections: Connections;
  /** Opens a connection of TCP, which does not shake hands. */
  connect(): Promise<RawConnection>;
  connectTls(): RawConnection;
  /** How many sockets were reset. */
  readonly resets: () => number;
}

async function withTls(
  { source = countingGatherer(), ...given }: { source?: Source; headersTimeoutMs?: number },
  run: (tested: TlsTest) => Promise<void>,
): Promise<void> {
  const errors = captureProcessErrors();
  const options = resolveOptions({ maxConnections: 2, logger: false, ...given });
  const connections = new Connections(options);
  const handler = createHandler(source, { logger: false });
  const http = createHttpFront(handler, connections, options);
  const secure = createServer(CERTIFICATE, (socket) => http.serve(socket));
  secure.on("tlsClientError", () => {});
  let resets = 0;
  const onConnection = (raw: Socket) => {
    const reset = raw.resetAndDestroy.bind(raw);
    raw.resetAndDestroy = () => {
      resets++;
      return reset();
    };
    if (connections.accept(raw)) secure.emit("connection", raw);
  };
  const target = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
  const modes = { socketMode: 0o660, socketGroup: undefined };
  const parts = { target, label: "", log: { warn: assert.fail }, options: modes };
  const { servers, address } = await listen(parts, onConnection);
  const { port } = address as AddressInfo;
  const clients: RawConnection[] = [];
  const opened = (connection: RawConnection) => {
    clients.push(connection);
    return connection;
  };
  try {
    await run({
      connections,
      connect: () => opened(new RawConnection(port)).opened(),
      connectTls: () => opened(new RawConnection(connectTls(port))),
      resets: () => resets,
    });
  } finally {
    for (const { socket } of clients) socket.destroy();
    http.close();
    handler.close();
    await within("the close", new Promise((resolve) => servers[0]?.close(resolve)));
  }
  await errors.assertNone();
}

test("a scrape over TLS is served, and its connection kept and counted once", () =>
  withTls({}, async ({ connectTls, connections }) => {
    const connection = connectTls();
    for (let times = 0; times < 3; times++) {
      await connection.send(SCRAPE);
      const { body } = await connection.response();
      assert.ok(body.startsWith(UP_TEXT));
      assert.equal(connections.count, 1);
    }
    connection.socket.end();
    await connection.closed();
    await turnsUntil("the end", () => connections.count === 0);
  }));

for (const [version, bytes] of [
  ["HTTP/1.1", SCRAPE],
  ["HTTP/1.0", "GET /metrics HTTP/1.0\r\n\r\n"],
] as const) {
  test(`a response over TLS that is cut off is reset: ${version}`, async () => {
    const source = longGatherer(1e8, (read) => {
      if (read === 5_000) throw new Error("broken");
    });
    await withTls({ source }, async ({ connectTls, resets, connections }) => {
      const connection = connectTls();
      await connection.send(bytes);
      assert.doesNotMatch(await connection.closed(), /\r\n0\r\n/);
      assert.equal(resets(), 1);
      await turnsUntil("the end", () => connections.count === 0);
    });
  });
}

test("requests over TLS are answered in order before what is not one", async () => {
  const source = blockingGatherer();
  await withTls({ source }, async ({ connectTls }) => {
    const connection = connectTls();
    await connection.send(`${SCRAPE}${SCRAPE}\0`);
    await source.started();
    source.release();
    assert.equal((await connection.response()).status, 200);
    assert.equal((await connection.response()).status, 200);
    const last = refusal("400 Bad Request", "Bad request.\n");
    assert.equal(withoutDate(await connection.closed()), last);
  });
});

test("connections that shake hands count, and a drain closes them", () =>
  withTls({}, async ({ connect, connectTls, connections }) => {
    const silent = await connect();
    const idle = connectTls();
    await idle.send(SCRAPE);
    await idle.response();
    await turns(3);
    assert.equal(connections.count, 2);
    assert.equal(await (await connect()).closed(), "");
    connections.drain();
    assert.equal(await silent.closed(), "");
    assert.equal(await idle.closed(), "");
    await turnsUntil("the end", () => connections.count === 0);
  }));

test("a handshake and a head have one deadline", () =>
  withTls({ headersTimeoutMs: 50 }, async ({ connect, connectTls, connections }) => {
    const silent = await connect();
    assert.equal(await silent.closed(), "");
    const slow = connectTls();
    await slow.send("GET /metrics HT");
    const late = refusal("408 Request Timeout", "The request took too long.\n");
    assert.equal(withoutDate(await slow.closed()), late);
    await turnsUntil("the end", () => connections.count === 0);
  }));
