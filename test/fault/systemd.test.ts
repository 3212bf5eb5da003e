// What may be wrong with the sockets that systemd passes. A server listens on all of them, or does not listen.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { netServer } from "../helpers/http/net-server.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import {
  closeAll,
  datagramFdOf,
  fdOf,
  forkWithSockets,
  type Passed,
} from "../helpers/processes/with-sockets.ts";

const CANNOT = 'ListenError: Cannot listen on "{ systemd: true }": ';

/** Asserts that a process with these sockets refuses them, says why, and ends with status 1. */
async function assertRefused(passed: Passed, reason: RegExp): Promise<void> {
  const child = forkWithSockets([{ systemd: true }], passed);
  const line = await child.line("refused ");
  assert.ok(line.startsWith(CANNOT), line);
  assert.match(line.slice(CANNOT.length), reason);
  const { code, stdout } = await child.exit();
  assert.equal(code, 1);
  assert.doesNotMatch(stdout, /^url/m);
}

const VARIABLES: readonly [name: string, passed: Passed, reason: RegExp][] = [
  ["no LISTEN_PID", { pid: undefined }, /^systemd has passed no sockets: LISTEN_PID or LISTEN/],
  ["the LISTEN_PID of another", { pid: "1" }, /^LISTEN_PID is "1", and this is process \d+: start/],
  ["no LISTEN_FDS", { count: undefined }, /^systemd has passed no sockets/],
  ["LISTEN_FDS=0", { count: "0" }, /^LISTEN_FDS must be a number from 1 to 9999, got "0"$/],
  ["LISTEN_FDS=abc", { count: "abc" }, /^LISTEN_FDS must be a number .* got "abc"$/],
  ["LISTEN_FDS=99", { count: "99" }, /^file descriptor \d+ is not a socket$/],
  ["too many names", { names: "a:b" }, /^LISTEN_FDNAMES must have a name for each of 1 sockets/],
];

for (const [name, passed, reason] of VARIABLES) {
  test(`a server does not listen on sockets of systemd with ${name}`, async () => {
    const { server } = await netServer();
    await assertRefused({ stdio: [fdOf(server)], ...passed }, reason);
    await closeAll(server);
  });
}

test("a server does not listen on a datagram socket of systemd, nor on the one before it", async () => {
  const { server } = await netServer();
  const { port } = server.address() as AddressInfo;
  const datagrams = createSocket("udp4").bind(0, "127.0.0.1");
  await once(datagrams, "listening");
  const stdio = [fdOf(server), datagramFdOf(datagrams)];
  await assertRefused({ stdio }, /^file descriptor 4 cannot accept connections: .*EINVAL/);
  datagrams.close();
  await closeAll(server);
  await assert.rejects(rawRequest(port, request("/metrics")), /closed after: ""/);
});

test("a server does not listen on a connection of systemd, which Accept=yes passes", async () => {
  const { server, lastSocket } = await netServer();
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const accepted = await lastSocket();
  await assertRefused({ stdio: [fdOf(accepted)] }, /^file descriptor 3 cannot accept.*EINVAL/);
  client.destroy();
  accepted.destroy();
  await closeAll(server);
});

test("a server does not listen on a file descriptor of systemd that is closed, or a file", async () => {
  await assertRefused({ stdio: ["ignore"] }, /^file descriptor 3 is not a socket$/);
  await assertRefused({ stdio: ["pipe"], count: "2000" }, /^file descriptor \d+ is not a socket$/);
});
