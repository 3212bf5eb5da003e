import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { programOf, readExample, withProject } from "./with-project.ts";

/** PM2 without its daemon, so that nothing outlives the test. */
const PM2 = programOf("pm2/bin/pm2-runtime");

const FILES = {
  "ecosystem.config.cjs": readExample("ecosystem.config.cjs"),
  "app.mjs": readExample("preload-app.mjs"),
};

test("the preload serves the application of the example for PM2", () =>
  withProject({ files: FILES }, async (project) => {
    const port = await freePort();
    const env = {
      PM2_HOME: join(project.folder, ".pm2"),
      PROMHTTP_ADDRESS: `127.0.0.1:${port}`,
      PORT: "0",
    };
    const program = project.node([PM2, "start", "ecosystem.config.cjs"], env);
    const { body } = await firstAnswer(`http://127.0.0.1:${port}/metrics`);
    assert.match(`${body}`, /^shop_visits_total 0$/m);
    program.signal("SIGINT");
    const { stdout, stderr } = await program.exit();
    // The application has ended by itself, and not been killed.
    assert.match(stdout, /exited with code \[0\] via signal \[SIGINT\]/);
    assert.doesNotMatch(stdout + stderr, /promhttp:|SIGKILL/);
  }));
