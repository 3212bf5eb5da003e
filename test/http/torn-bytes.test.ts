// Blocks are sent as they stand in memory, and are patched for the next scrape. No client may get a
// line of which a part is older than the rest: not one that stops in the middle while others scrape,
// and not one whose frames HTTP/2 still holds.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp2Server, connect as http2Connect } from "node:http2";
import { connect as netConnect, type Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { Gauge, Registry } from "prom-client";
import { createHandler } from "../../src/mount/create-handler.ts";
import { parseResponse } from "../helpers/http/parse-response.ts";
import { request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

/** Any mixture of two of them is none of them, and some take more room than others. */
const VALUES = [1_111_111, 2_222_222, 33, 4_444_444_444] as const;

/** 1.5 MB, of which a unix socket holds 0.2. */
const LABEL_SETS = 40_000;

/** A registry whose label sets all have one value, but for those that were touched since. */
function createRegistry() {
  const registry = new Registry();
  const gauge = new Gauge({ name: "g", help: "h", labelNames: ["set"], registers: [registry] });
  let turn = 0;
  const change = (share = 1) => {
    const value = VALUES[turn++ % VALUES.length];
    for (let set = 0; set < LABEL_SETS; set++) {
      if (share === 1 || Math.random() < share) gauge.set({ set }, Number(value));
    }
  };
  change();
  return { registry, change };
}

const LINE = /^g\{set="(\d+)"\} (\d+)$/;

/** Checks every line, and that none is missing. */
function assertWhole(text: string): void {
  let expected = 0;
  for (const line of text.split("\n")) {
    if (!line.startsWith("g{")) continue;
    const [, set, value] = LINE.exec(line) ?? [];
    assert.equal(set, `${expected++}`, line);
    assert.ok(
      VALUES.some((known) => `${known}` === value),
      line,
    );
  }
  assert.equal(expected, LABEL_SETS);
}

/** A client that stops reading after some bytes, until it is told to go on. */
async function stallAfter(socket: Socket, bytes: number) {
  let received = "";
  const read = () => {
    if (received.length > bytes) socket.pause();
  };
  socket.on("data", (piece) => {
    received += piece.toString("latin1");
    read();
  });
  socket.write(request("/metrics"));
  await once(socket, "data");
  return {
    async rest() {
      socket.off("data", read);
      bytes = Number.POSITIVE_INFINITY;
      socket.resume();
      for (;;) {
        const response = parseResponse(received);
        if (response !== undefined) return response.body;
        await once(socket, "data");
      }
    },
  };
}

test("a client that stalls gets whole lines, however often others scrape", async () => {
  const { registry, change } = createRegistry();
  await withTempDir(async (directory) => {
    const path = join(directory, "metrics.sock");
    await withServer({ source: registry, address: { path } }, async ({ connect }) => {
      const scrape = async () => {
        const connection = await connect();
        connection.socket.write(request("/metrics"));
        const { body } = await connection.response();
        connection.socket.destroy();
        return body;
      };
      for (let round = 0; round < 3; round++) {
        assertWhole(await scrape());
        const stalled = [];
        for (const bytes of [0, 300_000, 900_000]) {
          const { socket } = await connect();
          socket.removeAllListeners("data");
          stalled.push(await stallAfter(socket, bytes));
          change(round === 0 ? 1 : 0.3);
          assertWhole(await scrape());
        }
        change();
        assertWhole(await scrape());
        for (const { rest } of stalled) assertWhole(await rest());
      }
    });
  });
});

test("a stalled stream of HTTP/2 gets whole lines, however often others scrape", async () => {
  const { registry, change } = createRegistry();
  await withTempDir(async (directory) => {
    const path = join(directory, "metrics.sock");
    const handler = createHandler(registry, { logger: false });
    const server = createHttp2Server(handler);
    server.listen(path);
    await once(server, "listening");
    const session = http2Connect("http://localhost", { createConnection: () => netConnect(path) });
    const open = () => session.request({ ":path": "/metrics" });
    const textOf = async (stream: Readable) => {
      const pieces: Buffer[] = [];
      for await (const piece of stream) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    };
    try {
      assertWhole(await textOf(open()));
      for (let round = 0; round < 4; round++) {
        const stalled = open();
        await once(stalled, "response");
        for (let turn = 0; turn < 3; turn++) {
          change(0.3);
          assertWhole(await textOf(open()));
        }
        assertWhole(await textOf(stalled));
      }
    } finally {
      session.destroy();
      await new Promise((resolve) => server.close(resolve));
      handler.close();
    }
  });
});
