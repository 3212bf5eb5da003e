import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { UP_TEXT } from "../helpers/families.ts";
import { netServer } from "../helpers/http/net-server.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";
import { fdOf } from "../helpers/processes/with-sockets.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

test("Server.listen() serves on a file descriptor that another process has bound", async () => {
  const { server: parent } = await netServer();
  const child = forkFixture("serve-fd.ts", [], [fdOf(parent)]);
  const { port } = JSON.parse(await child.line("listening "));
  assert.equal(await child.line("url "), `http://127.0.0.1:${port}/metrics`);
  parent.close();
  await once(parent, "close");
  assert.equal((await rawRequest(port, request("/metrics"))).body, UP_TEXT);
  child.signal("SIGTERM");
  const { code, stderr } = await child.exit();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

test("Server.listen() serves on a file descriptor of a unix socket", () =>
  withTempDir(async (directory) => {
    const { server: parent } = await netServer({ path: `${directory}/s` });
    const child = forkFixture("serve-fd.ts", [], [fdOf(parent)]);
    assert.equal(await child.line("url "), "unix:fd 3");
    child.signal("SIGTERM");
    assert.equal((await child.exit()).code, 0);
    parent.close();
    await once(parent, "close");
  }));
