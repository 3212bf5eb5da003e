import assert from "node:assert/strict";
import { test } from "node:test";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

/** What four workers of a cluster log that listen at an address. */
async function logOf(...args: readonly string[]): Promise<string[]> {
  const primary = forkFixture("cluster.mjs", args);
  await primary.line("all");
  primary.tell("end");
  const { stdout, stderr } = await primary.exit();
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => / (warn|promhttp)/.test(line));
}

/** The first of ten ports below those that the system chooses from for other connections. */
const FREE_PORTS = 20_000 + ((process.pid * 10) % 10_000);

function assertWarned(log: readonly string[], address: string): void {
  const warning =
    /^(\d) warn promhttp: Cluster workers share "(.*)", so each scrape reaches another worker: name a port for each worker, such as 9464 \+ cluster\.worker\.id$/;
  const warnings = log.map((line) => warning.exec(line) ?? assert.fail(line));
  const workers = new Set(warnings.map(([, worker]) => worker));
  assert.equal(workers.size, warnings.length, "a worker warns twice");
  // The first at the address has nobody to share it with yet.
  assert.ok(warnings.filter(([, , shared]) => shared === address).length >= 3);
}

test("Server.listen() warns once in each cluster worker that shares its port", async () => {
  const address = `127.0.0.1:${FREE_PORTS}`;
  assertWarned(await logOf(address), address);
});

test("Server.listen() warns in cluster workers that share a port that the system chose", async () => {
  assertWarned(await logOf(":0"), ":0");
});

test("Server.listen() warns in cluster workers that share a unix socket", () =>
  withTempDir(async (directory) => {
    const address = `unix:${directory}/s`;
    assertWarned(await logOf(address), address);
  }));

test("Server.listen() does not warn in cluster workers that have ports of their own", async () => {
  assert.deepEqual(await logOf(`${FREE_PORTS}`, "own"), []);
});

test("cluster workers cannot share a port of threads: the second one rejects", async () => {
  const address = `127.0.0.1:${FREE_PORTS + 9}`;
  const rejected = (await logOf(address, "thread")).map((line) => line.slice(2));
  const expected = `promhttp ListenError: Cannot listen on "${address}": address already in use`;
  assert.deepEqual(rejected, Array(3).fill(expected));
});
