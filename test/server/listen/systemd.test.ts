import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { namesOf } from "../../../src/server/listen/systemd.ts";
import { netServer } from "../../helpers/http/net-server.ts";
import { rawRequest, request } from "../../helpers/http/raw-request.ts";
import { closeAll, fdOf, forkWithSockets } from "../../helpers/processes/with-sockets.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const NAMES: readonly [count: string, names: string | undefined, expected: [number, string][]][] = [
  ["1", undefined, [[3, "unknown"]]],
  ["1", "metrics.socket", [[3, "metrics.socket"]]],
  ["1", "", [[3, ""]]],
  [
    "3",
    "a:b:a",
    [
      [3, "a"],
      [4, "b"],
      [5, "a"],
    ],
  ],
];

for (const [count, names, expected] of NAMES) {
  test(`namesOf() reads ${count} sockets called ${names}`, () => {
    assert.deepEqual([...namesOf({ pid: "42", count, names }, "42")], expected);
  });
}

type Text = string | undefined;

const NOT_SET = "systemd has passed no sockets: LISTEN_PID or LISTEN_FDS is not set";
const WRAPPED = "start node itself, not npm, npx or a shell that does not exec";

const FAULTS: readonly [pid: Text, count: Text, names: Text, message: string][] = [
  [undefined, undefined, undefined, NOT_SET],
  ["42", undefined, undefined, NOT_SET],
  [undefined, "1", undefined, NOT_SET],
  ["41", "1", undefined, `LISTEN_PID is "41", and this is process 42: ${WRAPPED}`],
  ["42 ", "1", undefined, `LISTEN_PID is "42 ", and this is process 42: ${WRAPPED}`],
  ["42", "0", undefined, 'LISTEN_FDS must be a number from 1 to 9999, got "0"'],
  ["42", "abc", undefined, 'LISTEN_FDS must be a number from 1 to 9999, got "abc"'],
  ["42", "-1", undefined, 'LISTEN_FDS must be a number from 1 to 9999, got "-1"'],
  ["42", "1e9", undefined, 'LISTEN_FDS must be a number from 1 to 9999, got "1e9"'],
  ["42", "99999", undefined, 'LISTEN_FDS must be a number from 1 to 9999, got "99999"'],
  ["42", "2", "a", 'LISTEN_FDNAMES must have a name for each of 2 sockets, got "a"'],
  ["42", "1", "a:b", 'LISTEN_FDNAMES must have a name for each of 1 sockets, got "a", "b"'],
];

for (const [pid, count, names, message] of FAULTS) {
  test(`namesOf() rejects ${JSON.stringify({ pid, count, names })}`, () => {
    assert.throws(() => namesOf({ pid, count, names }, "42"), { message });
  });
}

test("Server.listen() serves on all sockets of systemd, and tells no child of them", () =>
  withTempDir(async (directory) => {
    const path = `${directory}/s`;
    const { server: tcp } = await netServer();
    const { server: unix } = await netServer({ path: `${path}.open` });
    const { port } = tcp.address() as AddressInfo;
    // Node removes the path of a server that it closes.
    renameSync(`${path}.open`, path);
    const child = forkWithSockets([{ systemd: true }, { systemd: true }], {
      stdio: [fdOf(tcp), fdOf(unix)],
    });
    assert.equal(await child.line("url "), `http://127.0.0.1:${port}/metrics`);
    assert.equal(
      await child.line("refused "),
      'ListenError: Cannot listen on "{ systemd: true }": the sockets of systemd are in use already',
    );
    assert.equal(await child.line("variables "), "");
    assert.equal(await child.line("inherited "), "0");
    await child.line("ready");
    await closeAll(tcp, unix);
    assert.equal((await rawRequest(port, request("/metrics"))).status, 200);
    assert.equal((await rawRequest({ path }, request("/metrics"))).status, 200);
    child.signal("SIGTERM");
    const { code, stderr } = await child.exit();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    await assert.rejects(rawRequest(port, request("/metrics")), /closed after: ""/);
  }));

test("Server.listen() serves on the sockets of systemd with a name", async () => {
  const { server: first } = await netServer();
  const { server: second } = await netServer();
  const { port } = second.address() as AddressInfo;
  const child = forkWithSockets([{ systemd: "none" }, { systemd: "metrics" }], {
    stdio: [fdOf(first), fdOf(second)],
    names: "web:metrics",
  });
  assert.equal(
    await child.line("refused "),
    'ListenError: Cannot listen on "{ systemd: "none" }": systemd has passed no socket with this name,' +
      ' but "web", "metrics"',
  );
  assert.equal(await child.line("url "), `http://127.0.0.1:${port}/metrics`);
  await child.line("ready");
  child.signal("SIGTERM");
  assert.equal((await child.exit()).code, 0);
  await closeAll(first, second);
});
