import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decompress } from "../exposition/compression/helpers.ts";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { parseExposition } from "../judge/index.ts";
import { BUILD_MS, type Project } from "./with-project.ts";

/** A server in a thread, beside what the example has. */
const THREAD = `
import { register } from "prom-client";
import { Server } from "promhttp";

export default defineNitroPlugin(async ({ hooks }) => {
  const server = await Server.listen(register, process.env.THREAD_ADDRESS, { thread: true });
  hooks.hook("close", () => server.close());
});`;

/** Builds the example for Nuxt, starts it with the preload, and scrapes it in every way. */
export async function testNitro(project: Project, build: readonly string[]): Promise<void> {
  await mkdir(join(project.folder, "server", "plugins"));
  await writeFile(join(project.folder, "server", "plugins", "thread.js"), THREAD);
  const env = { NUXT_TELEMETRY_DISABLED: "1" };
  const { code, stdout, stderr } = await project.node(build, env).exit(BUILD_MS);
  assert.equal(code, 0, stdout + stderr);

  const [port, preloadPort, threadPort] = [await freePort(), await freePort(), await freePort()];
  const application = project.node(["--import", "promhttp/register", ".output/server/index.mjs"], {
    HOST: "127.0.0.1",
    PORT: `${port}`,
    PROMHTTP_ADDRESS: `127.0.0.1:${preloadPort}`,
    THREAD_ADDRESS: `127.0.0.1:${threadPort}`,
  });
  const route = `http://127.0.0.1:${port}/metrics`;
  const preload = `http://127.0.0.1:${preloadPort}/metrics`;
  await firstAnswer(route);
  await firstAnswer(preload);
  const thread = `http://127.0.0.1:${threadPort}/metrics`;
  assert.match(`${(await firstAnswer(thread)).body}`, /^promhttp_event_loop_stuck_seconds 0$/m);
  assert.equal(`${(await httpGet(`http://127.0.0.1:${port}/visit`)).body}`, "Hello!");
  for (const url of [route, preload, thread]) {
    for (const accept of [TEXT, OPENMETRICS]) {
      await assertScrapes(url, accept, undefined);
      await assertScrapes(url, accept, "gzip");
    }
  }
  application.signal("SIGTERM");
  const output = await application.exit();
  assert.doesNotMatch(output.stdout + output.stderr, /promhttp/);
}

async function assertScrapes(
  url: string,
  accept: string,
  encoding: "gzip" | undefined,
): Promise<void> {
  const headers = { accept, ...(encoding && { "accept-encoding": encoding }) };
  const answer = await httpGet(url, headers);
  const { "content-type": type = "", "content-encoding": used } = answer.headers;
  assert.deepEqual(
    [answer.status, type.split(";")[0], used],
    [200, accept.split(";")[0], encoding],
  );
  const body = encoding === undefined ? answer.body : decompress(answer.body, encoding);
  parseExposition(type, body);
  assert.match(`${body}`, /^shop_visits_total 1$/m);
}

const TEXT = "text/plain; version=0.0.4";
const OPENMETRICS = "application/openmetrics-text; version=1.0.0";
