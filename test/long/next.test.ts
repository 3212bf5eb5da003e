import assert from "node:assert/strict";
import { cp, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type TestContext, test } from "node:test";
import { readDocument } from "../docs/documents.ts";
import { COPY, testNext } from "../frameworks/next-application.ts";
import {
  assertOneTarget,
  PM2_RUNTIME,
  testReload,
  withProgram,
  withSite,
} from "../frameworks/next-workers.ts";
import { BUILD_MS, type Project, ROOT, readExample } from "../frameworks/with-project.ts";
import { forkNode } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { eventually, scrape } from "../helpers/workers/reading.ts";

/** The line of the guide that adds what the preload loads. */
const [TRACING = ""] =
  /^outputFileTracingIncludes: .*$/m.exec(readDocument("docs/guide/recipes/nextjs.md").text) ?? [];

test("an application of Next.js 15", (t) => testNext(t, { folder: "next-15" }));

test("a standalone Next.js application", (t) =>
  testNext(
    t,
    { config: `output: "standalone",\n${TRACING}`, isStandalone: true },
    async (project, next) => {
      await withTempDir(async (folder) => {
        await cp(join(project.folder, ".next", "standalone"), folder, COPY);
        const cwd = join(folder, relative(ROOT, project.folder));
        await testStandaloneWorkers(t, cwd);
        await testBuildBeside(t, cwd, project, next);
      });
    },
  ));

test("a Next.js application that webpack builds", (t) =>
  testNext(
    t,
    { config: "cacheComponents: true,", buildFlags: ["--webpack"] },
    async (project, next) => {
      // Next.js listens before it loads what joins, so all old instances may have ended by then.
      await t.test("goes on or begins at 0 when PM2 reloads it with a handler alone", () =>
        testReload(project, next, false, (visits) => [0, visits]),
      );
    },
  ));

/** The example, as it starts what a standalone build has made. */
const standalone = (name: string) =>
  readExample(`nextjs/${name}`).replace("node_modules/next/dist/bin/next", "server.js");

async function testStandaloneWorkers(t: TestContext, cwd: string): Promise<void> {
  for (const [what, files, args, signal] of [
    ["under pm2-runtime", "ecosystem.config.cjs", [PM2_RUNTIME, "start"], "SIGINT"],
    ["in the workers of a cluster", "cluster.mjs", ["--import", "promhttp/register"], "SIGTERM"],
  ] as const) {
    await t.test(`is one target ${what}`, async () => {
      await writeFile(join(cwd, files), standalone(files));
      await withSite(async (site) => {
        const program = forkNode([...args, files], { cwd, env: site.env });
        await withProgram(program, signal, () => assertOneTarget(site, [site.preload, site.route]));
      });
    });
  }
}

/** Builds the application while it runs: the build loads its routes, too. */
async function testBuildBeside(
  t: TestContext,
  cwd: string,
  project: Project,
  next: string,
): Promise<void> {
  for (const [what, group, isJoined] of [
    ["is not joined by a build of the same application", undefined, false],
    ["is joined by a build that names the same group", "shop", true],
  ] as const) {
    await t.test(what, () =>
      withSite(async (site) => {
        const env = { ...site.env, PROMHTTP_GROUP: group };
        const program = forkNode(["server.js"], { cwd, env });
        try {
          const read = () => scrape(site.route);
          await eventually("the application", read, () => true);
          const { code, stdout, stderr } = await project.node([next, "build"], env).exit(BUILD_MS);
          assert.equal(code, 0, stdout + stderr);
          const joined = (await read()).value("promhttp_worker_events_total", { event: "joined" });
          assert.equal((joined ?? 0) > 0, isJoined, `joined: ${joined}`);
        } finally {
          program.signal("SIGKILL");
        }
      }),
    );
  }
}
