import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { eventually, type Reading, scrape } from "../helpers/workers/reading.ts";
import { type Project, programOf, readExample, withProject } from "./with-project.ts";

/** PM2 without its daemon, so that nothing outlives the test. */
const PM2 = programOf("pm2/bin/pm2-runtime");

/** An application, and how an example has PM2 start it. */
const filesOf = (config: string) => ({
  "ecosystem.config.cjs": readExample(config),
  "app.mjs": readExample("preload-app.mjs"),
});

const environmentOf = ({ folder }: Project, port: number) => ({
  PM2_HOME: join(folder, ".pm2"),
  PROMHTTP_ADDRESS: `127.0.0.1:${port}`,
  PROMHTTP_RUNTIME_DIR: join(folder, ".run"),
  PORT: "0",
});

/** Without a thread, and with one. */
const THREADS = [
  ["", {}],
  [", from a thread", { PROMHTTP_THREAD: "1" }],
] as const;

for (const [how, thread] of THREADS) {
  test(`the preload serves the application of the example for PM2${how}`, () =>
    withProject({ files: filesOf("ecosystem.config.cjs") }, async (project) => {
      const port = await freePort();
      // A thread says how its application does where that is no group.
      const alone = how !== "" && { PROMHTTP_WORKERS: "0" };
      const env = { ...environmentOf(project, port), ...thread, ...alone };
      const program = project.node([PM2, "start", "ecosystem.config.cjs"], env);
      const { body } = await firstAnswer(`http://127.0.0.1:${port}/metrics`);
      assert.match(`${body}`, /^shop_visits_total 0$/m);
      assert.equal(/^promhttp_event_loop_stuck_seconds /m.test(`${body}`), how !== "");
      program.signal("SIGINT");
      const { stdout, stderr } = await program.exit();
      // The application has ended by itself, and not been killed.
      assert.match(stdout, /exited with code \[0\] via signal \[SIGINT\]/);
      assert.doesNotMatch(stdout + stderr, /promhttp:|SIGKILL/);
    }));

  test(`three instances of the example for PM2's cluster mode are one target${how}`, () =>
    withProject({ files: filesOf("ecosystem-cluster.config.cjs") }, async (project) => {
      const port = await freePort();
      const env = { ...environmentOf(project, port), ...thread };
      const program = project.node([PM2, "start", "ecosystem.config.cjs"], env);
      const read = () => scrape(`http://127.0.0.1:${port}/metrics`);
      const isComplete = (reading: Reading) => reading.workers("up") === 3;
      const reading = await eventually("three instances", read, isComplete);
      assert.deepEqual(reading.lines("shop_visits_total"), ["0"]);
      program.signal("SIGINT");
      const { stdout, stderr } = await program.exit();
      assert.equal(
        stdout.match(/exited with code \[0\] via signal \[SIGINT\]/g)?.length,
        3,
        stdout,
      );
      assert.doesNotMatch(stdout + stderr, /SIGKILL/);
    }));
}
