import assert from "node:assert/strict";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { poll } from "../../helpers/poll.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";

const PROGRAM = "node_modules/promhttp/dist/cli.js";

const EXPORTER = "export default { gather: () => ({ families: [] }) };";

/** Stands in for systemd's program: it writes its arguments into a file. */
const NOTIFY = `#!/bin/sh\necho "$*" >> "$NOTIFIED"\n`;

/** The other systems have no systemd. */
const options = { skip: process.platform !== "linux" };

interface Service {
  readonly child: Fixture;
  /** Waits until systemd has been told `count` things, and returns them. */
  told(count: number): Promise<readonly string[]>;
}

/** Runs a test with the program, as systemd starts it. */
async function withService(
  env: Readonly<Record<string, string>>,
  test: (service: Service) => Promise<void>,
  program = NOTIFY,
): Promise<void> {
  const files = { "exporter.mjs": EXPORTER, "bin/systemd-notify": program };
  await withApp(files, [], async ({ folder, node }: App) => {
    await chmod(join(folder, "bin/systemd-notify"), 0o755);
    const notified = join(folder, "notified");
    const path = `${join(folder, "bin")}:${process.env["PATH"]}`;
    const own = { NOTIFY_SOCKET: "/run/notify", NOTIFIED: notified, PATH: path };
    const args = [PROGRAM, "--web.listen-address=127.0.0.1:0", "exporter.mjs"];
    const child = node(args, { ...own, ...env });
    await child.errorLine(/msg="Listening on"/);
    const told = async (count: number) => {
      let lines: string[] = [];
      await poll("what systemd is told", async () => {
        const text = await readFile(notified, "utf8").catch(() => "");
        lines = text.split("\n").slice(0, -1);
        return lines.length >= count;
      });
      return lines;
    };
    await test({ child, told });
    child.signal("SIGTERM");
    assert.equal((await child.exit()).code, 0);
  });
}

test("the program tells systemd when it is ready and when it ends", options, async () => {
  await withService({}, async ({ child, told }) => {
    const [ready = "", ...others] = await told(1);
    assert.match(ready, /^--no-block --pid=\d+ READY=1$/);
    assert.deepEqual(others, []);
    child.signal("SIGTERM");
    const [, stopping] = await told(2);
    assert.equal(stopping, ready.replace("READY", "STOPPING"));
  });
});

test(
  "the program tells systemd that it is alive, and warns of a short watchdog",
  options,
  async () => {
    await withService({ WATCHDOG_USEC: "100000" }, async ({ child, told }) => {
      await child.errorLine(
        /level=warn msg="The watchdog of systemd is expensive: raise WatchdogSec" leastSeconds=20$/,
      );
      const [ready = "", ...others] = await told(3);
      const alive = ready.replace("READY", "WATCHDOG");
      assert.deepEqual(others.slice(0, 2), [alive, alive]);
    });
  },
);

test("the program does not answer for the watchdog of another process", options, async () => {
  await withService({ WATCHDOG_USEC: "1000", WATCHDOG_PID: "1" }, async ({ child, told }) => {
    await told(1);
    child.signal("SIGTERM");
    const lines = await told(2);
    assert.deepEqual(
      lines.map((line) => line.replace(/.* /, "")),
      ["READY=1", "STOPPING=1"],
    );
  });
});

test("the program tells systemd nothing where it does not ask", options, async () => {
  await withService({ NOTIFY_SOCKET: "" }, async ({ child, told }) => {
    child.signal("SIGTERM");
    await child.exit();
    assert.deepEqual(await told(0), []);
  });
});

test("the program warns once if it cannot tell systemd, and serves", options, async () => {
  const failing = "#!/bin/sh\necho no >&2\nexit 1\n";
  await withService(
    {},
    async ({ child }) => {
      await child.errorLine(/level=warn msg="Cannot notify systemd" notification="READY=1" err=/);
      child.signal("SIGTERM");
      const { code, stderr } = await child.exit();
      assert.equal(code, 0);
      assert.equal(stderr.match(/Cannot notify systemd/g)?.length, 1);
    },
    failing,
  );
});
