import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { turnsUntil } from "../helpers/turns.ts";
import { assertWhole, readAnswer } from "./answer.ts";
import { cuttingStream } from "./hello.ts";
import { longSource, METRIC_BYTES } from "./long-source.ts";
import { refusals } from "./refusals.ts";
import { TLS_TRANSPORTS } from "./transports.ts";

// A body of 1 MB that fails at any point, over TLS: no client takes a part of it for the whole. A client of TLS
// knows the end of what it is sent by an alert (RFC 8446 §6.1, close_notify), which must be missing then.

const METRICS = 1_000_000 / METRIC_BYTES;
const FAILURES = 12;

const REQUESTS: Readonly<Record<string, string>> = {
  "HTTP/1.1": "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n",
  "HTTP/1.0": "GET /metrics HTTP/1.0\r\n\r\n",
};

/** Whether the last whole record of a connection is an alert; TLS 1.3 encrypts even the type of a record. */
function endsInAlert(bytes: Buffer): boolean {
  let last: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end <= bytes.length) last = bytes.subarray(at, end);
    at = end;
  }
  // An alert of two bytes, the real type of its record, and 16 bytes that prove both.
  return last[0] === 0x15 || (last[0] === 0x17 && last.length === 5 + 2 + 1 + 16);
}

for (const { name, isUnix, withServer } of TLS_TRANSPORTS) {
  for (const [version, bytes] of Object.entries(REQUESTS)) {
    test(`no part of a body that fails looks whole: ${version}, ${name}`, async (t) => {
      // Not every client minds that the alert is missing. Here only the server resets; libuv shows its client the
      // reset as an end when it comes with the last bytes.
      const resets = t.mock.method(Socket.prototype, "resetAndDestroy");
      let failAt = 0;
      const source = longSource(
        () => METRICS,
        (index) => {
          if (index === failAt) throw new Error("broken");
        },
      );
      await withServer({ source, selfMetrics: false }, async ({ connect, connectRaw }) => {
        const exchange = async () => {
          resets.mock.resetCalls();
          const { socket: raw } = await connectRaw();
          const pieces: Buffer[] = [];
          const socket = cuttingStream(raw, (first) => [first]);
          raw.on("data", (piece) => pieces.push(piece));
          const connection = await connect({ tls: { socket } });
          await connection.send(bytes);
          const received = await connection.closed();
          const wasReset = !endsInAlert(Buffer.concat(pieces));
          assert.equal(resets.mock.callCount(), Number(wasReset && !isUnix));
          return { answer: readAnswer(received, wasReset), wasReset };
        };
        let cutOff = 0;
        for (let round = 0; round < FAILURES; round++) {
          failAt = Math.floor((METRICS / FAILURES) * round) + round;
          const { answer, wasReset } = await exchange();
          if (answer === undefined) cutOff++;
          else assert.equal(answer.status, 500, `at ${failAt}`);
          assert.equal(wasReset, answer === undefined);
        }
        assert.ok(cutOff > FAILURES / 2, `${cutOff} cut off`);
        failAt = -1;
        const { answer, wasReset } = await exchange();
        assert.equal(answer?.status, 200);
        assertWhole(answer);
        assert.equal(wasReset, false);
      });
    });
  }

  for (const how of ["leaves", "ends its side"]) {
    test(`a client that ${how} in a body is no trouble: ${name}`, () => {
      let metrics = 1e8;
      const source = longSource(() => metrics);
      return withServer({ source }, async (server) => {
        const connection = await server.connect();
        await connection.send(REQUESTS["HTTP/1.1"] ?? "");
        await connection.until("bytes", () => connection.received.length > 100_000);
        metrics = 1;
        if (how === "leaves") connection.socket.destroy();
        else connection.socket.end();
        await turnsUntil("the encoding to stop", () => source.stopped === 1);
        await connection.closed();
        assert.equal((await server.request()).status, 200);
        assert.deepEqual(await refusals(server), {});
      });
    });
  }
}
