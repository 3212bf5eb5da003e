import assert from "node:assert/strict";
import { test } from "node:test";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";

for (const [kind, args] of [
  ["a server", []],
  ["a server in a thread", ["thread"]],
] as const) {
  test(`${kind} with \`unref\` does not keep the process alive`, async () => {
    const { stdout, ...exit } = await forkFixture("unref.ts", args).exit();
    assert.deepEqual(exit, { code: 0, signal: null, stderr: "" });
    assert.match(stdout, /^listening .*\nexit\n$/);
  });

  test(`${kind} with \`unref\` can be awaited until it is closed`, async () => {
    const { stdout, ...exit } = await forkFixture("unref.ts", [...args, "close"]).exit();
    assert.deepEqual(exit, { code: 0, signal: null, stderr: "" });
    assert.match(stdout, /^listening .*\nclosed\nexit\n$/);
  });

  test(`${kind} with \`unref\` does not keep the process alive for an open connection`, async () => {
    const child = forkFixture("unref.ts", [...args, "wait"]);
    const { port } = JSON.parse(await child.line("listening "));
    const silent = await new RawConnection(port).opened();
    const idle = await new RawConnection(port).opened();
    await idle.send(request("/metrics"));
    assert.equal((await idle.response()).headers["connection"], "keep-alive");
    child.tell("end");
    const { code, stderr } = await child.exit();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    await silent.closed();
    await idle.closed();
  });
}
