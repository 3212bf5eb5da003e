import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../helpers/processes/fork-fixture.ts";
import { withApp } from "../helpers/processes/with-app.ts";

/** Receives what is sent to a socket as systemd does, and prints what each message says. */
const LISTENER = `
import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
    listener.bind(sys.argv[1])
    print("listening", flush=True)
    while True:
        print(listener.recv(4096).decode(), flush=True)
`;

test("systemd is told by its own program when ours is ready, alive and ending", async () => {
  const files = { "exporter.mjs": "export default { gather: () => ({ families: [] }) };" };
  await withApp(files, [], async ({ folder, node }) => {
    const path = join(folder, "notify");
    const systemd = watch(spawn("/usr/bin/python3", ["-c", LISTENER, path]));
    try {
      await systemd.line("listening");
      const args = ["node_modules/promhttp/dist/cli.js", "--web.listen-address=127.0.0.1:0"];
      const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" };
      const child = node([...args, "exporter.mjs"], env);
      await systemd.line("READY=1");
      assert.match(await systemd.line("MAINPID="), /^\d+$/);
      await systemd.line("WATCHDOG=1");
      child.signal("SIGTERM");
      await systemd.line("STOPPING=1");
      const { code, stderr } = await child.exit();
      assert.equal(code, 0);
      assert.doesNotMatch(stderr, /Cannot notify/);
    } finally {
      systemd.signal("SIGTERM");
      await systemd.exit();
    }
  });
});
