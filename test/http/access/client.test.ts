import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { clientOf } from "../../../src/http/access/client.ts";
import { createNetworks } from "../../../src/http/access/networks.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

/** Makes a request of the Fetch API, or one of a server that knows an address. */
function visitOf(remoteAddress: string | undefined, forwarded?: string) {
  const header = (name: string) => (name === "x-forwarded-for" ? forwarded : undefined);
  const head = { method: "GET", target: "/metrics", remoteAddress, header };
  return { head, isHealth: false };
}

const PROXIES = createNetworks(["10.0.0.0/8", "2001:db8::/32"]);

const CASES: readonly [
  what: string,
  remote: string,
  forwarded: string | undefined,
  address: string | undefined,
][] = [
  ["a client without a proxy", "192.0.2.1", undefined, "192.0.2.1"],
  ["a client that claims to be another", "192.0.2.1", "192.0.2.9", "192.0.2.1"],
  ["a client behind a proxy", "10.0.0.1", "192.0.2.1", "192.0.2.1"],
  ["a client behind a proxy that is mapped into IPv6", "::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1"],
  ["what a client has written before the proxy", "10.0.0.1", "192.0.2.9, 192.0.2.1", "192.0.2.1"],
  ["a client behind two proxies", "10.0.0.1", "192.0.2.9,192.0.2.1, 10.0.0.2", "192.0.2.1"],
  ["a client that is mapped into IPv6", "10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"],
  ["a port behind the address", "10.0.0.1", "192.0.2.1:4711", "192.0.2.1"],
  ["brackets around the address", "10.0.0.1", "[2001:DB9::1]", "2001:DB9::1"],
  ["brackets and a port", "10.0.0.1", "[2001:db9::1]:4711", "2001:db9::1"],
  ["a proxy that asks for itself", "10.0.0.1", undefined, "10.0.0.1"],
  ["nothing but proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
  ["an empty header", "10.0.0.1", "", undefined],
  ["something that is not an address", "10.0.0.1", "192.0.2.1, unknown", undefined],
  ["a zone, which may be any text", "10.0.0.1", "fe80::1%\x1b[2J", undefined],
];

for (const [what, remote, forwarded, address] of CASES) {
  test(`clientOf() reads ${what}`, () => {
    const client = clientOf(visitOf(remote, forwarded), PROXIES);
    assert.deepEqual(client, { address, isLocal: false });
  });
}

test("clientOf() believes nobody unless proxies are named", () => {
  const client = clientOf(visitOf("10.0.0.1", "192.0.2.1"), undefined);
  assert.equal(client.address, "10.0.0.1");
});

test("clientOf() knows nothing of a request of the Fetch API, or of a mock", () => {
  const unknown = { address: undefined, isLocal: false };
  assert.deepEqual(clientOf(visitOf(undefined, "10.0.0.1"), PROXIES), unknown);
  for (const socket of [undefined, {}, { remoteAddress: undefined }]) {
    // Cast: a mock.
    const request = { socket } as unknown as IncomingMessage;
    assert.deepEqual(clientOf({ ...visitOf(undefined), request }, PROXIES), unknown);
  }
});

test("clientOf() takes a socket that throws for an unknown client", () => {
  const request = {
    get socket(): Socket {
      throw new Error("The session is closed");
    },
  } as IncomingMessage;
  assert.equal(clientOf({ ...visitOf(undefined), request }, PROXIES).isLocal, false);
});

/** Accepts a connection, passes it to `run`, and closes everything. */
async function withConnection(
  listen: (server: Server) => void,
  run: (socket: Socket, client: Socket) => Promise<void>,
): Promise<void> {
  const server = createServer();
  listen(server);
  await once(server, "listening");
  const address = server.address();
  const target =
    typeof address === "string"
      ? { path: address }
      : { port: address?.port ?? 0, host: "127.0.0.1" };
  const client = connect(target);
  const [socket] = (await once(server, "connection")) as [Socket];
  try {
    await run(socket, client);
  } finally {
    client.destroy();
    socket.destroy();
    server.close();
    await once(server, "close");
  }
}

const requestOn = (socket: Socket) => ({ socket }) as IncomingMessage;

test(
  "clientOf() tells a unix socket, until it is closed",
  { skip: process.platform === "win32" },
  () =>
    withTempDir((directory) =>
      withConnection(
        (server) => server.listen(join(directory, "s")),
        async (socket) => {
          const visit = { ...visitOf(undefined), request: requestOn(socket) };
          assert.deepEqual(clientOf(visit, undefined), { address: undefined, isLocal: true });
          socket.destroy();
          assert.deepEqual(clientOf(visit, undefined), { address: undefined, isLocal: false });
        },
      ),
    ),
);

test("clientOf() does not take a connection that was reset for a unix socket", () =>
  withConnection(
    (server) => server.listen(0, "127.0.0.1"),
    async (socket, client) => {
      socket.on("error", () => {});
      client.resetAndDestroy();
      const visit = { ...visitOf(undefined), request: requestOn(socket) };
      // As long as Node does not know, the address of its own end is known.
      assert.equal(clientOf(visit, undefined).isLocal, false);
      await new Promise((resolve) => socket.once("close", resolve));
      assert.equal(clientOf(visit, undefined).isLocal, false);
    },
  ));
