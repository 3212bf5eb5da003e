import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer, type Server } from "node:https";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { resetSocket } from "../../src/http/reset.ts";
import { longGatherer } from "../helpers/gatherers.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import { CERTIFICATE, connectTls } from "../helpers/http/tls.ts";
import { listen, type Mount, withMount } from "../helpers/http/with-mount.ts";

// A mount on a server of the user that speaks TLS: its response has a TLS socket, which cannot be reset
// and whose close is an orderly end.

/** Reads the resets of the TCP sockets that a server accepts. */
interface Resets {
  count: number;
}

const SERVERS: Readonly<Record<string, (listener: (...args: never[]) => void) => Server>> = {
  "https.createServer()": (listener) => createHttpsServer(CERTIFICATE, listener as never),
  "http2.createSecureServer()": (listener) =>
    // It has all of a server of HTTP/1.1 that the tests use, except `closeAllConnections()`.
    Object.assign(createSecureServer({ ...CERTIFICATE, allowHTTP1: true }, listener as never), {
      closeAllConnections() {},
    }) as unknown as Server,
};

function mountOn(create: (typeof SERVERS)[string], resets: Resets): Mount {
  return (handler) => {
    const server = create(handler);
    server.on("connection", (raw: Socket) => {
      const reset = raw.resetAndDestroy.bind(raw);
      raw.resetAndDestroy = () => {
        resets.count++;
        return reset();
      };
    });
    return listen(server as never);
  };
}

const REQUESTS: Readonly<Record<string, string>> = {
  "HTTP/1.1": request("/metrics"),
  "HTTP/1.0": "GET /metrics HTTP/1.0\r\n\r\n",
};

function failingLate() {
  return longGatherer(1e8, (read) => {
    if (read === 5_000) throw new Error("broken");
  });
}

for (const [name, create] of Object.entries(SERVERS)) {
  for (const [version, bytes] of Object.entries(REQUESTS)) {
    test(`a body that fails over TLS never looks whole: ${name}, ${version}`, async () => {
      const resets: Resets = { count: 0 };
      const options = { source: failingLate(), mount: mountOn(create, resets) };
      await withMount(options, async ({ port, log }) => {
        const connection = new RawConnection(connectTls(port));
        await connection.send(bytes);
        const text = await connection.closed();
        assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
        assert.doesNotMatch(text, /\r\n0\r\n/);
        // At the server's end: libuv may report a reset to the client as an orderly end.
        assert.equal(resets.count, 1);
        assert.equal(log.length, 1);
        assert.match(log[0] ?? "", /^error promhttp: The scrape failed: Error: broken/);
      });
    });

    test(`a long body comes whole over TLS: ${name}, ${version}`, async () => {
      const resets: Resets = { count: 0 };
      const options = { source: longGatherer(5_000), mount: mountOn(create, resets) };
      await withMount(options, async ({ port, log }) => {
        const connection = new RawConnection(connectTls(port));
        await connection.send(bytes);
        await connection.until("the end", () =>
          /^long\{index="4999"[^\n]*\n/m.test(connection.received),
        );
        connection.socket.end();
        await connection.closed();
        assert.equal(connection.received.match(/^long\{/gm)?.length, 5_000);
        assert.equal(resets.count, 0);
        assert.deepEqual(log, []);
      });
    });
  }
}

test("a body that fails on a server over any stream never looks whole", async () => {
  const [client, far] = pair();
  const mount: Mount = async (handler) => {
    const server = createHttpServer(handler);
    server.emit("connection", far);
    return { port: 0, close: async () => {} };
  };
  await withMount({ source: failingLate(), mount }, async ({ log }) => {
    let received = "";
    client.on("data", (piece) => {
      received += piece;
    });
    const closed = new Promise((resolve) => far.once("close", resolve));
    client.write(request("/metrics"));
    await closed;
    assert.doesNotMatch(received, /\r\n0\r\n/);
    assert.equal(log.length, 1);
  });
});

test("resetSocket() does not throw for a socket that cannot be reset", () => {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteFamily", { value: "IPv4" });
  socket.resetAndDestroy = () => {
    throw Object.assign(new Error("This handle type cannot be sent"), {
      code: "ERR_INVALID_HANDLE_TYPE",
    });
  };
  resetSocket(socket);
  assert.equal(socket.destroyed, true);
});

/** Two ends of a connection that is not a socket. */
function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (other: number): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        ends[other]?.push(chunk);
        setImmediate(done);
      },
      final(done) {
        ends[other]?.push(null);
        done();
      },
    });
  ends.push(make(1), make(0));
  return [ends[0] as Duplex, ends[1] as Duplex];
}
