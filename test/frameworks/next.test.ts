import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { eventually, type Reading, scrape } from "../helpers/workers/reading.ts";
import { testDevelopment, testNext } from "./next-application.ts";
import { type Project, programOf, readExample } from "./with-project.ts";

test("a Next.js application with cached components", (t) =>
  testNext(t, { config: "  cacheComponents: true," }, async (project, next) => {
    await t.test("is told in development that the handler has answered", () =>
      testDevelopment(project, next),
    );
    await t.test("is one target in PM2's cluster mode", () => testInstances(project, next));
  }));

/** Starts the application as the example for PM2 does, and scrapes its instances. */
async function testInstances(project: Project, next: string): Promise<void> {
  const config = readExample("ecosystem-next.config.cjs");
  const [port, metricsPort] = [await freePort(), await freePort()];
  const path = "ecosystem.config.cjs";
  const inProject = config.replace("node_modules/next/dist/bin/next", next);
  await writeFile(join(project.folder, path), inProject);
  const program = project.node([programOf("pm2/bin/pm2-runtime"), "start", path], {
    PM2_HOME: join(project.folder, ".pm2"),
    PROMHTTP_ADDRESS: `127.0.0.1:${metricsPort}`,
    PROMHTTP_RUNTIME_DIR: join(project.folder, ".run"),
    HOSTNAME: "127.0.0.1",
    PORT: `${port}`,
  });
  const read = () => scrape(`http://127.0.0.1:${metricsPort}/metrics`);
  const isComplete = (reading: Reading) =>
    reading.workers("up") === 2 && reading.value("shop_visits_total") === 0;
  await eventually("two instances", read, isComplete);
  for (let visits = 0; visits < 6; visits++) await httpGet(`http://127.0.0.1:${port}`);
  assert.equal((await read()).value("shop_visits_total"), 6);
  program.signal("SIGINT");
  await program.exit();
}
