import assert from "node:assert/strict";
import { decompress } from "../exposition/compression/helpers.ts";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { parseExposition } from "../judge/index.ts";
import { BUILD_MS, type Project } from "./with-project.ts";

/** Builds the example for Nuxt, starts it with the preload, and scrapes it in both ways. */
export async function testNitro(project: Project, build: readonly string[]): Promise<void> {
  const env = { NUXT_TELEMETRY_DISABLED: "1" };
  const { code, stdout, stderr } = await project.node(build, env).exit(BUILD_MS);
  assert.equal(code, 0, stdout + stderr);

  const [port, preloadPort] = [await freePort(), await freePort()];
  const application = project.node(["--import", "promhttp/register", ".output/server/index.mjs"], {
    HOST: "127.0.0.1",
    PORT: `${port}`,
    PROMHTTP_ADDRESS: `127.0.0.1:${preloadPort}`,
  });
  const route = `http://127.0.0.1:${port}/metrics`;
  const preload = `http://127.0.0.1:${preloadPort}/metrics`;
  await firstAnswer(route);
  await firstAnswer(preload);
  assert.equal(`${(await httpGet(`http://127.0.0.1:${port}/visit`)).body}`, "Hello!");
  for (const url of [route, preload]) {
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
