import assert from "node:assert/strict";
import { test } from "node:test";
import { forkFixture } from "../../../helpers/processes/fork-fixture.ts";

test("a process that serves in a thread ends with its own status after SIGTERM", async () => {
  const fixture = forkFixture("threaded-alone.ts", ["run"]);
  await fixture.line("running");
  fixture.signal("SIGTERM");
  const { code, stderr } = await fixture.exit();
  assert.deepEqual([code, stderr], [3, ""]);
});

test("with unref a thread that serves does not keep the process alive", async () => {
  const args = ["scrape", '{ "unref": true }'];
  const { code, stdout, stderr } = await forkFixture("threaded-alone.ts", args).exit();
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /status 200\n.*exit 0\n/);
});

test("process.exit() ends the thread with the process", async () => {
  const { code, stderr } = await forkFixture("threaded-alone.ts", ["exit"]).exit();
  assert.deepEqual([code, stderr], [5, ""]);
});
