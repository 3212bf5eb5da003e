import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { netServer } from "../helpers/http/net-server.ts";
import { watch } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

// The permission model of Node 25 and later: to listen at an IP address it throws in a callback of its own.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SCRIPT = join(ROOT, "test/fixtures/listen-where.mjs");

const nodeOf = (version: number) =>
  join(ROOT, `test/runtimes/node_modules/node-${version}/bin/node`);

const PERMISSION = ["--permission", "--allow-fs-read=*"];

const ADDRESSES = [
  "127.0.0.1:0",
  "[::1]:0",
  "0.0.0.0:0",
  "localhost:0",
  ":0",
  0,
  { host: "127.0.0.1", port: 0 },
];

/** What came of listening at each address. */
async function listenAt(
  version: number,
  flags: readonly string[],
  addresses: readonly unknown[],
  thread = "0",
): Promise<string[]> {
  const args = [...flags, SCRIPT, ...addresses.map((address) => JSON.stringify(address))];
  const env = { ...process.env, THREAD: thread };
  const { stdout } = await promisify(execFile)(nodeOf(version), args, { env });
  return stdout.trim().split("\n");
}

test("Server.listen() rejects where the permission model forbids to listen", () =>
  withTempDir(async (directory) => {
    const addresses = [...ADDRESSES, `unix:${directory}/s`];
    const lines = await listenAt(26, PERMISSION, addresses);
    assert.equal(lines.length, addresses.length);
    for (const line of lines) {
      assert.match(
        line,
        / ListenError Cannot listen on ".*": not permitted: Node needs --allow-net$/,
      );
    }
  }));

test("no thread listens where the permission model forbids it, though it lets threads do everything", () =>
  withTempDir(async (directory) => {
    const addresses = ["127.0.0.1:0", `unix:${directory}/s`];
    const lines = await listenAt(26, [...PERMISSION, "--allow-worker"], addresses, "1");
    assert.equal(lines.length, addresses.length);
    for (const line of lines) assert.match(line, / ListenError .* Node needs --allow-net$/);
  }));

test("Server.listen() rejects a file descriptor where the permission model forbids it", async () => {
  const { server } = await netServer();
  const { fd } = (server as Server & { readonly _handle: { readonly fd: number } })._handle;
  const args = [...PERMISSION, SCRIPT, JSON.stringify({ fd: 3 })];
  const child = watch(spawn(nodeOf(26), args, { stdio: ["pipe", "pipe", "pipe", fd] }));
  const { stdout } = await child.exit();
  server.close();
  await once(server, "close");
  assert.match(stdout, /^\S+ ListenError .* not permitted: Node needs --allow-net\n$/);
});

for (const [version, flags] of [
  [26, [...PERMISSION, "--allow-net"]],
  [24, PERMISSION],
  [22, PERMISSION],
] as const) {
  test(`Server.listen() listens where the permission model of Node ${version} lets it`, async () => {
    const lines = await listenAt(version, flags, ADDRESSES);
    assert.deepEqual(
      lines,
      ADDRESSES.map((address) => `${JSON.stringify(address)} 200`),
    );
  });
}
