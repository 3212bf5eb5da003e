import assert from "node:assert/strict";
import { test } from "node:test";
import { UP_TEXT } from "../helpers/families.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import { type Fixture, forkFixture } from "../helpers/processes/fork-fixture.ts";

const SCRAPE = request("/metrics");

/** Connects to a child once it listens. */
async function connectTo(child: Fixture): Promise<RawConnection> {
  const { port } = JSON.parse(await child.line("listening "));
  return new RawConnection(port).opened();
}

const CLEAN_EXIT = { code: 0, signal: null, stderr: "" };

test("SIGTERM lets a running scrape finish, and the process ends", async () => {
  const child = forkFixture("run-until-sigterm.ts", ["blocked"]);
  const connection = await connectTo(child);
  await connection.send(SCRAPE);
  await child.line("gathering");
  child.signal("SIGTERM");
  const { status, body } = await connection.response();
  assert.equal(status, 200);
  assert.ok(body.startsWith(UP_TEXT));
  assert.equal(await connection.closed(), "");
  const { stdout, ...exit } = await child.exit();
  assert.deepEqual(exit, CLEAN_EXIT);
  assert.match(stdout, /\nclosed\n$/);
});

test("SIGTERM lets a response that is being sent finish", async () => {
  const child = forkFixture("run-until-sigterm.ts", ["long"]);
  const connection = await connectTo(child);
  connection.socket.once("data", () => connection.socket.pause());
  await connection.send(SCRAPE);
  await connection.until("the first bytes", () => connection.received.length > 0);
  child.signal("SIGTERM");
  await child.line("shutting down");
  connection.socket.resume();
  const { body } = await connection.response();
  assert.equal(body.match(/^long\{index="\d+",padding="x{1000}"\} \d+\n/gm)?.length, 10_000);
  assert.match(body, /\npromhttp_connections_open \d+\n$/);
  const { stdout: _, ...exit } = await child.exit();
  assert.deepEqual(exit, CLEAN_EXIT);
});

test("SIGTERM closes idle connections at once", async () => {
  const child = forkFixture("run-until-sigterm.ts", ["up", "60000"]);
  const idle = await connectTo(child);
  const silent = await connectTo(child);
  await idle.send(SCRAPE);
  assert.equal((await idle.response()).headers["keep-alive"], "timeout=75");
  child.signal("SIGTERM");
  assert.equal(await idle.closed(), "");
  assert.equal(await silent.closed(), "");
  const { stdout: _, ...exit } = await child.exit();
  assert.deepEqual(exit, CLEAN_EXIT);
});

test("SIGTERM ends the process even if a client never reads", async () => {
  const child = forkFixture("run-until-sigterm.ts", ["long", "100"]);
  const connection = await connectTo(child);
  connection.socket.once("data", () => connection.socket.pause());
  await connection.send(SCRAPE);
  await connection.until("the first bytes", () => connection.received.length > 0);
  child.signal("SIGTERM");
  const { stdout, ...exit } = await child.exit();
  assert.deepEqual(exit, CLEAN_EXIT);
  assert.match(stdout, /\nclosed\n$/);
  connection.socket.resume();
  assert.doesNotMatch(await connection.closed(), /\r\n0\r\n/);
});

test("a second close() waits for the same shutdown", async () => {
  const child = forkFixture("close-on-signals.ts");
  const connection = await connectTo(child);
  await connection.send(SCRAPE);
  await child.line("gathering");
  child.signal("SIGTERM");
  await child.line("closing SIGTERM");
  child.signal("SIGINT");
  assert.equal((await connection.response()).status, 200);
  await connection.closed();
  const { stdout, ...exit } = await child.exit();
  assert.deepEqual(exit, CLEAN_EXIT);
  assert.match(stdout, /closing SIGTERM\nclosing SIGINT\nclosed SIGTERM\nclosed SIGINT\n$/);
});
