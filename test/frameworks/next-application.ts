import assert from "node:assert/strict";
import type { CopyOptions } from "node:fs";
import { cp } from "node:fs/promises";
import { join, relative } from "node:path";
import type { TestContext } from "node:test";
import { failedScrapes, startPrometheus } from "../e2e/programs.ts";
import { decompress } from "../exposition/compression/helpers.ts";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { type Fixture, forkNode } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { parseExposition } from "../judge/index.ts";
import {
  BUILD_MS,
  type Project,
  programOf,
  ROOT,
  readExample,
  withProject,
} from "./with-project.ts";

/** How the example is built and started. */
export interface NextSetup {
  /** Where Next.js is installed. @default this folder */
  readonly folder?: string;
  /** What the configuration has beside that of the example. */
  readonly config?: string;
  readonly buildFlags?: readonly string[];
  /** Whether it is started without Next.js, from a copy of what the build has put together. */
  readonly isStandalone?: boolean;
}

/** The ways to the metrics of a Next.js application that runs. */
interface Urls {
  readonly app: string;
  readonly pages: string;
  readonly preload: string;
  /** Of a server in a thread, which the instrumentation has started. */
  readonly thread: string;
}

/** What the example has, and a server in a thread. */
const THREADED = {
  "instrumentation.js": readExample("nextjs/instrumentation.js").replace(
    /}\n$/,
    `  await import("./thread.js");\n}\n`,
  ),
  "thread.js": `
    import { register } from "prom-client";
    import { Server } from "promhttp";

    const address = process.env.THREAD_ADDRESS;
    if (address) await Server.listen(register, address, { thread: true });`,
};

const ENV = { NEXT_TELEMETRY_DISABLED: "1", NODE_OPTIONS: undefined };

/**
 * Builds the example for Next.js, starts it with the preload, and scrapes it in every way.
 *
 * @param then Called with the project when the application has ended.
 */
export async function testNext(
  t: TestContext,
  { folder = "", config = "", buildFlags = [], isStandalone = false }: NextSetup,
  then: (project: Project, next: string) => Promise<void> = async () => {},
): Promise<void> {
  const own = readExample("nextjs/next.config.mjs");
  const files = {
    ...THREADED,
    "next.config.mjs": own.replace("default {\n", `default {\n${config}\n`),
    "package.json": '{ "name": "shop" }',
  };
  const next = programOf("next/dist/bin/next", folder);
  await withProject({ example: "nextjs", files, folder }, async (project) => {
    await t.test("builds, and the build logs nothing of ours", async () => {
      const build = project.node([next, "build", ...buildFlags], ENV);
      const { code, stdout, stderr } = await build.exit(BUILD_MS);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /ƒ \/metrics\b/);
      assert.doesNotMatch(stdout + stderr, /promhttp/);
    });
    if (isStandalone) {
      const path = relative(ROOT, project.folder);
      await withTempDir(async (copy) => {
        await cp(join(project.folder, ".next", "standalone"), copy, COPY);
        const start = (env: Env) =>
          forkNode([...PRELOAD, "server.js"], { cwd: join(copy, path), env });
        await testScrapes(t, start);
      });
    } else {
      const start = (env: Env) => project.node([...PRELOAD, next, "start"], env);
      await testScrapes(t, start, folder === "next-15");
    }
    await then(project, next);
  });
}

/** With relative links as they are, or its packages would be those of the project. */
export const COPY: CopyOptions = { recursive: true, verbatimSymlinks: true };

const PRELOAD = ["--import", "promhttp/register"];

type Env = Readonly<Record<string, string | undefined>>;

async function testScrapes(
  t: TestContext,
  start: (env: Env) => Fixture,
  isBefore16 = false,
): Promise<void> {
  const [port, preloadPort, threadPort] = [await freePort(), await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${port}`;
  const urls: Urls = {
    app: `${origin}/metrics`,
    pages: `${origin}/api/metrics`,
    preload: `http://127.0.0.1:${preloadPort}/metrics`,
    thread: `http://127.0.0.1:${threadPort}/metrics`,
  };
  const address = {
    PROMHTTP_ADDRESS: `127.0.0.1:${preloadPort}`,
    THREAD_ADDRESS: `127.0.0.1:${threadPort}`,
  };
  const application = start({ ...ENV, ...address, HOSTNAME: "127.0.0.1", PORT: `${port}` });
  await firstAnswer(urls.preload);
  await firstAnswer(urls.pages);
  // Only a thread knows it.
  assert.match(
    `${(await firstAnswer(urls.thread)).body}`,
    /^promhttp_event_loop_stuck_seconds 0$/m,
  );

  await t.test("shares its counters between instrumentation, page, and every way in", async () => {
    for (const visits of [0, 1]) {
      for (const url of Object.values(urls)) {
        const { body } = await httpGet(url);
        assert.match(`${body}`, new RegExp(`^shop_visits_total{page="/"} ${visits}$`, "m"), url);
        assert.match(`${body}`, /^process_cpu_user_seconds_total(?:{worker="0"})? \d/m, url);
      }
      assert.match(`${(await httpGet(origin)).body}`, /Hello!/);
    }
  });

  for (const [way, url] of Object.entries(urls)) {
    await t.test(`serves what its headers say to whoever takes gzip: ${way}`, async () => {
      for (const accept of [TEXT, OPENMETRICS, PROTOBUF]) {
        const { status, headers, body } = await httpGet(url, {
          accept,
          "accept-encoding": "gzip",
        });
        const { "content-type": type = "", "content-encoding": encoding } = headers;
        assert.deepEqual([status, type.split(";")[0]], [200, accept.split(";")[0]]);
        // Next.js compresses only types that it knows, and before 16 not what a route handler returns.
        const isPlain = way === "app" && (accept !== TEXT || isBefore16);
        assert.equal(encoding, isPlain ? undefined : "gzip");
        assert.ok(encoding === undefined || encoding === "gzip");
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
}

/** Runs the application in development, where Next.js says what an API route does wrong. */
export async function testDevelopment(project: Project, next: string): Promise<void> {
  const port = await freePort();
  const development = project.node([next, "dev", "--port", `${port}`], ENV);
  await firstAnswer(`http://127.0.0.1:${port}`);
  for (const path of ["/api/metrics", "/metrics"]) {
    // A scrape that is compressed is answered later than in the turn that read the request.
    const url = `http://127.0.0.1:${port}${path}`;
    assert.equal((await httpGet(url, { "accept-encoding": "gzip" })).status, 200);
  }
  await development.line(" GET /metrics 200", BUILD_MS);
  development.signal("SIGTERM");
  const { stdout, stderr } = await development.exit();
  assert.doesNotMatch(stdout + stderr, /promhttp|without sending/);
}

/** Serves in the application what Next.js has bundled, and is told so. */
export function testBundled(): Promise<void> {
  const files = { ...THREADED, "next.config.mjs": "export default {};", "package.json": "{}" };
  return withProject({ example: "nextjs", files }, async (project) => {
    const [port, threadPort] = [await freePort(), await freePort()];
    const env = { ...ENV, THREAD_ADDRESS: `127.0.0.1:${threadPort}` };
    const next = programOf("next/dist/bin/next");
    const development = project.node([next, "dev", "--port", `${port}`], env);
    await firstAnswer(`http://127.0.0.1:${port}`);
    const { body } = await firstAnswer(`http://127.0.0.1:${threadPort}/metrics`);
    assert.match(`${body}`, /^shop_visits_total{page="\/"} \d/m);
    assert.doesNotMatch(`${body}`, /^promhttp_event_loop_stuck_seconds/m);
    development.signal("SIGTERM");
    const { stdout, stderr } = await development.exit();
    assert.match(stdout + stderr, IN_BUNDLE);
  });
}

const IN_BUNDLE =
  /promhttp: Cannot start a thread for the server; it runs in that of the application: Error: promhttp is in a bundle/;

const TEXT = "text/plain; version=0.0.4";
const OPENMETRICS = "application/openmetrics-text; version=1.0.0";
const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
