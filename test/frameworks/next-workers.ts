import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readDocument } from "../docs/documents.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { poll } from "../helpers/poll.ts";
import type { Fixture } from "../helpers/processes/fork-fixture.ts";
import { endDaemon } from "../helpers/processes/pm2-daemon.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { eventually, type Reading, scrape } from "../helpers/workers/reading.ts";
import { type Project, programOf, readExample } from "./with-project.ts";

/** Where a Next.js application runs in several processes. */
export interface Site {
  readonly app: string;
  /** The route that answers for all. */
  readonly route: string;
  /** What the preload serves, if there is one. */
  readonly preload: string;
  readonly pm2Home: string;
  /** Where the processes meet. */
  readonly runtimeFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs a test with ports and folders of its own. */
export function withSite(test: (site: Site) => Promise<void>): Promise<void> {
  // Not in the project: the path of a socket must be short.
  return withTempDir(async (folder) => {
    const [port, preloadPort] = [await freePort(), await freePort()];
    const app = `http://127.0.0.1:${port}`;
    const [pm2Home, runtimeFolder] = [join(folder, "pm2"), join(folder, "run")];
    const env = {
      HOSTNAME: "127.0.0.1",
      PORT: `${port}`,
      NEXT_TELEMETRY_DISABLED: "1",
      NODE_OPTIONS: undefined,
      PM2_HOME: pm2Home,
      PROMHTTP_ADDRESS: `127.0.0.1:${preloadPort}`,
      PROMHTTP_RUNTIME_DIR: runtimeFolder,
    };
    const preload = `http://127.0.0.1:${preloadPort}/metrics`;
    await test({ app, route: `${app}/metrics/all`, preload, pm2Home, runtimeFolder, env });
  });
}

const visitsIn = (reading: Reading) => reading.value("shop_visits_total", { page: "/" });

/** What serves the application; the primary of a cluster has no id, and may take part, too. */
const workersIn = (reading: Reading) =>
  reading.samples("promhttp_worker_info").filter(({ labels }) => labels.has("id"));

/** Their processes, each of which may be several workers: the preload is one, and a handler is another. */
const pidsOf = (reading: Reading): ReadonlySet<string> =>
  new Set(workersIn(reading).map(({ labels }) => labels.get("pid") ?? ""));

const hasTwo = (reading: Reading) => pidsOf(reading).size === 2;

/** What was seen of an application of two processes. */
interface Seen {
  /** How often its page was visited. */
  readonly visits: number;
  readonly pids: ReadonlySet<string>;
}

/**
 * Visits the page until both processes have counted a visit, and checks that the sum is exact.
 *
 * @param urls The ways to the metrics.
 */
export async function assertOneTarget({ app }: Site, urls: readonly string[]): Promise<Seen> {
  const [url = ""] = urls;
  const all = await eventually("two processes", () => scrape(url), hasTwo);
  /** The processes that have counted a visit. */
  const busy = async () => {
    const pids = new Set<string | undefined>();
    for (const { labels } of workersIn(await scrape(url))) {
      const one = await scrape(`${url}?worker=${labels.get("worker")}`);
      if ((visitsIn(one) ?? 0) > 0) pids.add(labels.get("pid"));
    }
    return pids;
  };
  let visits = 0;
  do {
    // Two in a row: the processes take turns, also in answering what is asked between two rounds.
    for (const end = visits + 2; visits < end; visits++) {
      assert.match(`${(await httpGet(app)).body}`, /Hello!/);
    }
  } while ((await busy()).size < 2);
  for (const each of urls) {
    assert.equal(visitsIn(await eventually(each, () => scrape(each), hasTwo)), visits, each);
  }
  return { visits, pids: pidsOf(all) };
}

/** Waits until a process has joined, without a request, which would load the route. */
async function joined({ runtimeFolder }: Site): Promise<void> {
  const isThere = async () =>
    (await readdir(runtimeFolder).catch(() => [])).some((name) => name.endsWith(".sock"));
  await poll("a process that has joined", isThere);
}

/** Runs a test with a program, and has it end by a signal; it must not fail. */
export async function withProgram(
  program: Fixture,
  signal: NodeJS.Signals,
  test: () => Promise<unknown>,
): Promise<void> {
  try {
    await test();
    program.signal(signal);
    const { code, stdout, stderr } = await program.exit();
    assert.equal(code, 0, stdout + stderr);
    assert.doesNotMatch(stdout + stderr, /SIGKILL/);
  } finally {
    program.signal("SIGKILL");
  }
}

/** PM2 as its users call it, and without its daemon, as in a container. */
const PM2 = programOf("pm2/bin/pm2");
export const PM2_RUNTIME: string = programOf("pm2/bin/pm2-runtime");

/** The line of the guide that drops the arguments of `pm2-runtime`. */
const [DROPPING = ""] =
  /^ *node_args: .*argv.*$/m.exec(readDocument("docs/guide/workers.md").text) ?? [];

/** An example, for an application that has been built; `next` is where Next.js is. */
const read = (name: string, next: string) =>
  readExample(`nextjs/${name}`).replace("node_modules/next/dist/bin/next", next);

/**
 * Runs an application that has been built in PM2's cluster mode, and reloads it.
 *
 * @param hasPreload Whether each instance has the preload beside the handler.
 * @param sums What may be the sum after so many visits.
 */
export async function testReload(
  project: Project,
  next: string,
  hasPreload: boolean,
  sums: (visits: number) => readonly number[],
): Promise<void> {
  const config = read("ecosystem.config.cjs", next);
  const text = hasPreload ? config : config.replace(/^ *node_args: .*$/m, "");
  await writeFile(join(project.folder, "ecosystem.config.cjs"), text);
  await withSite(async (site) => {
    const pm2 = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await project.node([PM2, ...args], site.env).exit();
      assert.equal(code, 0, `pm2 ${args.join(" ")}:\n${stdout}${stderr}`);
    };
    try {
      await pm2("start", "ecosystem.config.cjs");
      const ways = hasPreload ? [site.preload, site.route] : [site.route];
      const { visits, pids } = await assertOneTarget(site, ways);
      const hasAll = (reading: Reading) => reading.workers("up") === 2 * ways.length;
      await eventually("all workers", () => scrape(site.route), hasAll);
      await pm2("reload", "shop");
      for (const url of ways) {
        const isNew = (reading: Reading) =>
          hasTwo(reading) && ![...pidsOf(reading)].some((pid) => pids.has(pid));
        const reading = await eventually("two new processes", () => scrape(url), isNew);
        const sum = visitsIn(reading) ?? Number.NaN;
        assert.ok(sums(visits).includes(sum), `${url}: ${sum} after ${visits}`);
      }
    } finally {
      await endDaemon(site.pm2Home, () => pm2("kill"));
    }
  });
}

/** Runs an application that has been built in two processes, in the ways that the guide has. */
export async function testNextWorkers(
  t: TestContext,
  project: Project,
  next: string,
): Promise<void> {
  const write = (name: string, text: string) => writeFile(join(project.folder, name), text);

  await t.test("is one target in PM2's cluster mode, and loses nothing by a reload", () =>
    testReload(project, next, true, (visits) => [visits]),
  );

  await t.test("is one target under pm2-runtime, without the arguments of that", async () => {
    const config = read("ecosystem.config.cjs", next);
    await write("runtime.config.cjs", config.replace(/^ *node_args: .*$/m, DROPPING));
    await withSite(async (site) => {
      const program = project.node([PM2_RUNTIME, "start", "runtime.config.cjs"], site.env);
      await withProgram(program, "SIGINT", () => assertOneTarget(site, [site.preload, site.route]));
    });
  });

  for (const [what, name, text] of [
    ["in the workers of a cluster", "cluster.mjs", read("cluster.mjs", next)],
    ["with a server of its own in a cluster", "server.mjs", SERVER],
  ] as const) {
    await t.test(`is one target ${what}`, async () => {
      await write(name, text);
      await withSite(async (site) => {
        const program = project.node([name], { ...site.env, NODE_ENV: "production" });
        await withProgram(program, "SIGTERM", async () => {
          await joined(site);
          await assertOneTarget(site, [site.route]);
        });
      });
    });
  }
}

/** A custom server, as Next.js documents it, in each worker. */
const SERVER = `
import cluster from "node:cluster";
import { createServer } from "node:http";
import next from "next";

if (cluster.isPrimary) {
  for (let count = 0; count < 2; count++) cluster.fork();
  process.once("SIGTERM", () => cluster.disconnect(() => process.exit()));
} else {
  const app = next({});
  await app.prepare();
  const handle = app.getRequestHandler();
  createServer((request, response) => handle(request, response)).listen(process.env.PORT);
  process.once("disconnect", () => process.exit());
}
`;
