import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { DEFAULT_CIPHERS, type TLSSocket } from "node:tls";
import { rawSocketOf } from "../../src/http/reset.ts";
import type { TlsOptions } from "../../src/options/security.ts";
import type { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import { poll } from "../helpers/poll.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { within } from "../helpers/within.ts";
import { clientHello, cuttingStream, inSmallRecords, LONG_HELLO } from "./hello.ts";
import { refusals } from "./refusals.ts";
import {
  type ClientOptions,
  PLAIN_TRANSPORTS,
  TLS_TRANSPORTS,
  type TransportServer,
} from "./transports.ts";

const SCRAPE = request("/metrics");

const HELLO = await clientHello();

/** Bytes that look random, and are the same in every run. */
function noise(seed: string, length = 64): Buffer {
  return createHash("shake256", { outputLength: length }).update(seed).digest();
}

/** What is no handshake, or none to its end, and why it is refused. */
const NONSENSE: Readonly<Record<string, readonly [bytes: Uint8Array | string, reason: RegExp]>> = {
  "a blank": [" ", /^tls_other$/],
  "100,000 NULs": [Buffer.alloc(100_000), /^tls_other$/],
  "a lower-case letter": ["get / HTTP/1.1\r\n\r\n", /^tls_other$/],
  "the hello of SSLv2": [Buffer.of(0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10), /^tls_other$/],
  "PROXY v2": [
    "\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\0\x01\0\x02",
    /^tls_other$/,
  ],
  "PROXY v1": ["PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", /^plain_http$/],
  "the hello of SSH": ["SSH-2.0-OpenSSH_9.2\r\n", /^plain_http$/],
  "an alert": [Buffer.of(0x15, 3, 1, 0, 2, 2, 40), /^tls_other$/],
  "a handshake of noise": [Buffer.concat([Buffer.of(0x16), noise("body", 500)]), /^tls_/],
  "a hello of noise": [
    Buffer.concat([HELLO.subarray(0, 9), noise("hello", HELLO.length - 9)]),
    /^tls_/,
  ],
  "a hello in a record of another version": [
    Buffer.concat([Buffer.of(0x16, 9, 9), HELLO.subarray(3)]),
    /^tls_/,
  ],
  "a record that is too long": [Buffer.of(0x16, 3, 1, 0xff, 0xff, ...noise("long")), /^tls_/],
  "an empty record": [Buffer.of(0x16, 3, 1, 0, 0, 0x16, 3, 1, 0, 0, 0x17), /^tls_/],
  "a hello twice": [Buffer.concat([HELLO, HELLO]), /^tls_/],
};

/** Bytes that no client sends. */
const NOISE = Array.from({ length: 20 }, (_, seed) => noise(`${seed}`));

/** Asserts that the server serves, and returns for what it has refused connections. */
async function refusalsOf(server: TransportServer): Promise<Readonly<Record<string, number>>> {
  assert.equal((await server.request()).status, 200);
  return refusals(server);
}

for (const { name, isUnix, withServer, tlsVersion } of TLS_TRANSPORTS) {
  test(`what is no handshake is refused, and counted once: ${name}`, () =>
    withServer({}, async (server) => {
      let total = 0;
      for (const [what, [bytes, reason]] of Object.entries(NONSENSE)) {
        const before = await refusals(server);
        const connection = await server.connectRaw();
        await connection.send(bytes);
        connection.socket.end();
        const received = await connection.closed();
        if (reason.test("plain_http")) assert.match(received, /^HTTP\/1\.1 400 /);
        const after = await refusals(server);
        const [changed = "nothing", ...others] = Object.keys(after).filter(
          (key) => after[key] !== before[key],
        );
        assert.match(changed, reason, what);
        assert.deepEqual(others, [], what);
        assert.equal(after[changed], (before[changed] ?? 0) + 1, what);
        total++;
      }
      for (const bytes of NOISE) {
        const connection = await server.connectRaw();
        await connection.send(bytes);
        connection.socket.end();
        await connection.closed();
        total++;
      }
      const counts = Object.values(await refusalsOf(server));
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        total,
      );
      // One line for each reason, and nothing in it that a client has sent.
      assert.equal(server.log.length, counts.length);
      for (const line of server.log) assert.match(line, /^warn promhttp: Refused a [\x20-\x7e]+$/);
    }));

  test(`plain HTTP on a port with TLS gets an answer: ${name}`, () =>
    withServer({}, async (server) => {
      for (const bytes of [
        SCRAPE,
        "GET /metrics HTTP/1.0\r\n\r\n",
        "G",
        "PRI * HTTP/2.0\r\n\r\n",
      ]) {
        const connection = await server.connectRaw();
        await connection.send(bytes);
        connection.socket.end();
        const { status, body } = await connection.response();
        assert.equal(status, 400);
        assert.equal(body, "Client sent an HTTP request to an HTTPS server.\n");
        assert.equal(await connection.closed(), "");
      }
      assert.deepEqual(await refusalsOf(server), { plain_http: 4 });
      assert.equal(server.log.length, 1);
      assert.match(server.log[0] ?? "", / it speaks plain HTTP, and this server TLS$/);
    }));

  test(`plain HTTP that goes on and on gets its answer, and leaves nothing open: ${name}`, () =>
    withServer({ headersTimeoutMs: 600_000 }, async (server) => {
      const connection = await server.connectRaw();
      void connection.send(SCRAPE + "x".repeat(2_000_000)).catch(() => {});
      assert.equal((await connection.response()).status, 400);
      connection.socket.end();
      assert.equal(await connection.closed(), "");
      assert.equal(connection.errorCode, undefined);
      await poll("its end", async () => {
        const { body } = await server.request();
        return /^promhttp_connections_open 1$/m.test(body);
      });
    }));

  const hellos: Readonly<Record<string, (bytes: Buffer) => readonly Buffer[]>> = {
    "in small records": (bytes) => [inSmallRecords(bytes)],
    "byte by byte": (bytes) => Array.from(bytes, (byte) => Buffer.of(byte)),
    "in two halves": (bytes) => [bytes.subarray(0, 99), bytes.subarray(99)],
  };
  for (const [how, cut] of Object.entries(hellos)) {
    test(`a hello that comes ${how} is understood: ${name}`, () =>
      withServer({}, async (server) => {
        const { socket: raw } = await server.connectRaw();
        const tls = { socket: cuttingStream(raw, cut) };
        assert.equal((await server.request({ tls })).status, 200);
        assert.deepEqual(await refusalsOf(server), {});
      }));
  }

  test(`a hello of 16 KB is understood: ${name}`, () =>
    withServer({}, async (server) => {
      assert.ok((await clientHello(LONG_HELLO)).length > 16_000);
      assert.equal((await server.request({ tls: LONG_HELLO })).status, 200);
    }));

  test(`HTTP/1.1 is the only protocol: ${name}`, () =>
    withServer({}, async (server) => {
      const protocolOf = async (...ALPNProtocols: string[]) => {
        const connection = await server.connect({ tls: { ALPNProtocols } });
        await connection.send(SCRAPE);
        assert.equal((await connection.response()).status, 200);
        return (connection.socket as TLSSocket).alpnProtocol;
      };
      await assert.rejects(protocolOf("h2"), {
        code: /ALERT_NO_APPLICATION_PROTOCOL|alert_no_app/i,
      });
      assert.equal(await protocolOf("h2", "http/1.1"), "http/1.1");
      assert.equal(await protocolOf(), false);
      assert.deepEqual(await refusalsOf(server), { tls_other: 1 });
      assert.match(server.log.join(), /: it does not speak HTTP\/1\.1$/);
    }));

  const old: ClientOptions["tls"] = {
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0`,
  };
  const cipher = (name: string): TlsOptions => ({ ciphers: [`ECDHE-ECDSA-${name}`] });
  const terms: readonly (readonly [string, TlsOptions, ClientOptions["tls"], string])[] = [
    ["TLS 1.1", {}, old, "tls_version"],
    ["another curve", { curves: ["P-384"] }, { ecdhCurve: "P-256" }, "tls_other"],
    ...(tlsVersion === "TLSv1.2"
      ? ([
          ["TLS 1.2", { minVersion: "TLSv1.3" }, {}, "tls_version"],
          [
            "another cipher suite",
            cipher("AES256-GCM-SHA384"),
            { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" },
            "tls_other",
          ],
        ] as const)
      : []),
  ];
  for (const [what, tls, client, reason] of terms) {
    test(`a client of ${what} gets an alert, and is counted: ${name}`, () =>
      withServer({ tls }, async (server) => {
        const asking = server.request({ tls: client ?? {} });
        await assert.rejects(asking, { code: /ALERT/ });
        const good = { tls: { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" } } as const;
        assert.equal((await server.request(good)).status, 200);
        assert.deepEqual(await refusals(server, good), { [reason]: 1 });
      }));
  }

  if (tlsVersion === "TLSv1.2") {
    test(`a client cannot renegotiate: ${name}`, () =>
      withServer({}, async (server) => {
        const connection = await server.connect();
        const socket = connection.socket as TLSSocket;
        const refused = new Promise((resolve) => {
          socket.on("error", resolve);
          socket.on("close", () => resolve(new Error("closed")));
          socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error));
        });
        assert.ok((await within("a refusal", refused)) instanceof Error);
        assert.deepEqual(await refusalsOf(server), {});
        assert.deepEqual(server.log, []);
      }));
  }

  test(`clients that leave in their handshake are no trouble: ${name}`, () =>
    withServer({}, async (server) => {
      const leavings: readonly ((connection: RawConnection) => unknown)[] = [
        ({ socket }) => socket.destroy(),
        ({ socket }) => socket.end(),
        // A unix socket has no reset.
        ({ socket }) => (isUnix ? socket.destroy() : rawSocketOf(socket).resetAndDestroy()),
      ];
      for (const leave of leavings) {
        for (const bytes of [Buffer.alloc(0), HELLO.subarray(0, 1), HELLO.subarray(0, 99), HELLO]) {
          const connection = await server.connectRaw();
          await connection.send(bytes);
          leave(connection);
          await connection.closed();
        }
        const raw = await server.connectRaw();
        const connection = await server.connect({ tls: { socket: raw.socket } });
        leave(connection);
        await connection.closed();
      }
      await poll("all to be gone", async () => {
        const { body } = await server.request();
        return /^promhttp_connections_open 1$/m.test(body);
      });
      for (const reason of Object.keys(await refusals(server))) assert.equal(reason, "tls_other");
    }));

  test(`connections that are silent or slow are closed, and scrapes go on: ${name}`, () =>
    withServer({ headersTimeoutMs: scaleWait(1_000), maxConnections: 400 }, async (server) => {
      const silent = await Promise.all(Array.from({ length: 300 }, () => server.connectRaw()));
      const half = await server.connectRaw();
      await half.send(HELLO.subarray(0, HELLO.length / 2));
      const slow = await server.connectRaw();
      const secured = await server.connect();
      const slowHead = await server.connect();
      const drip = (connection: RawConnection, bytes: Uint8Array | string) => {
        let at = 0;
        const timer = setInterval(() => {
          connection.socket.write(bytes.slice(at, at + 1));
          at++;
        }, 50);
        connection.socket.once("close", () => clearInterval(timer));
      };
      drip(slow, HELLO);
      drip(slowHead, `${SCRAPE.slice(0, -2)}X: ${"x".repeat(1_000)}`);
      let scrapes = 0;
      const all = Promise.all(
        [...silent, half, slow, secured, slowHead].map((one) => one.closed()),
      );
      let isOver = false;
      void all.then(() => {
        isOver = true;
      });
      while (!isOver) {
        assert.equal((await server.request()).status, 200);
        scrapes++;
      }
      await all;
      assert.ok(scrapes > 10, `${scrapes} scrapes`);
      assert.match(secured.received, /^HTTP\/1\.1 408 /);
      assert.match(slowHead.received, /^HTTP\/1\.1 408 /);
      assert.deepEqual(await refusalsOf(server), { tls_timeout: 302 });
      assert.equal(server.log.length, 1);
    }));

  test(`silent connections count against the limit: ${name}`, () =>
    withServer({ maxConnections: 3 }, async (server) => {
      const silent = await Promise.all([1, 2, 3].map(() => server.connectRaw()));
      await assert.rejects(server.request());
      for (const { socket } of silent) socket.destroy();
      await poll("an answer", () => server.request().then(Boolean, () => false));
      const { limit = 0, ...others } = await refusals(server);
      assert.ok(limit > 0);
      assert.deepEqual(others, {});
    }));
}

for (const { name, withServer } of PLAIN_TRANSPORTS) {
  test(`TLS on a plain port is closed, with one line: ${name}`, () =>
    withServer({}, async ({ connectRaw, request: ask, log }) => {
      for (let times = 0; times < 3; times++) {
        const connection = await connectRaw();
        await connection.send(HELLO);
        assert.equal(await connection.closed(), "");
      }
      assert.equal((await ask()).status, 200);
      const line = "A client that speaks TLS was cut off: this port speaks plain HTTP";
      assert.deepEqual(log, [`warn promhttp: ${line}`]);
    }));
}
