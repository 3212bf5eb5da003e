import assert from "node:assert/strict";
import { test } from "node:test";
import { failedScrapes, startPrometheus } from "../e2e/programs.ts";
import { decompress } from "../exposition/compression/helpers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { parseExposition } from "../judge/index.ts";
import { BUILD_MS, programOf, readExample, withProject } from "./with-project.ts";

const NEXT = programOf("next/dist/bin/next");
const ENV = { NEXT_TELEMETRY_DISABLED: "1", NODE_OPTIONS: undefined };

const CONFIG = readExample("nextjs/next.config.mjs");

test("a Next.js application with cached components", async (t) => {
  const config = CONFIG.replace("{\n", "{\n  cacheComponents: true,\n");
  assert.notEqual(config, CONFIG);
  await withProject("nextjs", { "next.config.mjs": config }, async (project) => {
    await t.test("builds, and the build logs nothing of ours", async () => {
      const { code, stdout, stderr } = await project.node([NEXT, "build"], ENV).exit(BUILD_MS);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /ƒ \/metrics$/m);
      assert.doesNotMatch(stdout + stderr, /promhttp/);
    });

    const [port, preloadPort] = [await freePort(), await freePort()];
    const origin = `http://127.0.0.1:${port}`;
    const urls = {
      app: `${origin}/metrics`,
      pages: `${origin}/api/metrics`,
      preload: `http://127.0.0.1:${preloadPort}/metrics`,
    };
    const start = ["--import", "promhttp/register", NEXT, "start", "--port", `${port}`];
    const env = { ...ENV, PROMHTTP_ADDRESS: `127.0.0.1:${preloadPort}` };
    const application = project.node(start, env);
    await application.line("✓ Ready", BUILD_MS);

    await t.test("shares its counters between instrumentation, page, and every way in", async () => {
      for (const visits of [0, 1]) {
        for (const url of Object.values(urls)) {
          const { body } = await httpGet(url);
          assert.match(`${body}`, new RegExp(`^shop_visits_total{page="/"} ${visits}$`, "m"), url);
          assert.match(`${body}`, /^process_cpu_user_seconds_total \d/m, url);
        }
        assert.match(`${(await httpGet(origin)).body}`, /Hello!/);
      }
    });

    for (const [way, url] of Object.entries(urls)) {
      await t.test(`serves what its headers say to whoever takes gzip: ${way}`, async () => {
        for (const accept of [TEXT, OPENMETRICS, PROTOBUF]) {
          const { status, headers, body } = await httpGet(url, { accept, "accept-encoding": "gzip" });
          const { "content-type": type = "", "content-encoding": encoding } = headers;
          assert.deepEqual([status, type.split(";")[0]], [200, accept.split(";")[0]]);
          parseExposition(type, encoding === undefined ? body : decompress(body, encoding));
        }
      });
    }

    await t.test("is up for a real Prometheus, which takes gzip", async () => {
      const job = { interval: "1s", timeout: "1s" };
      const jobs = Object.entries(urls).map(([name, url]) => ({ ...job, name, url }));
      await using prometheus = await startPrometheus(jobs);
      for (const { name } of jobs) {
        assert.equal(await failedScrapes(prometheus, name, 2), 0, name);
        const [visits] = await prometheus.query(`shop_visits_total{job="${name}"}`);
        assert.equal(visits?.value, "2", name);
      }
    });

    application.signal("SIGTERM");
    const { stdout, stderr } = await application.exit();
    assert.doesNotMatch(stdout + stderr, /promhttp/);

    await t.test("is told by the handler that it has answered, in development", async () => {
      const development = project.node([NEXT, "dev", "--port", `${port}`], ENV);
      await development.line("✓ Ready", BUILD_MS);
      for (const url of [urls.pages, urls.app]) {
        // A scrape that is compressed is answered later than in the turn that read the request.
        assert.equal((await httpGet(url, { "accept-encoding": "gzip" })).status, 200);
      }
      await development.line(" GET /metrics 200", BUILD_MS);
      development.signal("SIGTERM");
      const output = await development.exit();
      assert.doesNotMatch(output.stdout + output.stderr, /promhttp|without sending/);
    });
  });
});

const TEXT = "text/plain; version=0.0.4";
const OPENMETRICS = "application/openmetrics-text; version=1.0.0";
const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
