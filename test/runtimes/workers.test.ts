import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Application, type ApplicationParts } from "../helpers/workers/application.ts";
import { eventually } from "../helpers/workers/reading.ts";
import { cutDown, TOPOLOGIES } from "../helpers/workers/topologies.ts";

// `node.test.ts` runs the tests of the workers with prom-client. Here is what those cannot try.

const RUNTIMES = fileURLToPath(new URL("node_modules/", import.meta.url));
const nodeOf = (version: number) => `${RUNTIMES}node-${version}/bin/node`;

const DENO = [`${RUNTIMES}@deno/linux-x64-glibc/deno`, "run", "--allow-all"] as const;

const PERMISSION = ["--permission", "--allow-fs-read=*", "--allow-fs-write=*"] as const;
const CHILDREN = ["--allow-child-process", "--allow-worker"] as const;

/** What the workers run on. */
const SETUPS: Readonly<Record<string, Pick<ApplicationParts, "runtime" | "library">>> = {
  Bun: { runtime: [`${RUNTIMES}@oven/bun-linux-x64/bin/bun`] },
  Deno: { runtime: DENO },
  ...Object.fromEntries(
    [22, 24, 26].map((version) => [
      `@prometheus-io/client on Node ${version}`,
      { runtime: [nodeOf(version)], library: "@prometheus-io/client" },
    ]),
  ),
  "the permission model of Node 24": { runtime: [nodeOf(24), ...PERMISSION, ...CHILDREN] },
  "the permission model of Node 26": {
    runtime: [nodeOf(26), ...PERMISSION, ...CHILDREN, "--allow-net"],
  },
  "frozen intrinsics": { runtime: [nodeOf(26), "--frozen-intrinsics", "--disable-proto=throw"] },
};

for (const [name, setup] of Object.entries(SETUPS)) {
  for (const [kind, topology] of Object.entries(TOPOLOGIES)) {
    test(`with ${name}, ${kind} are one target, whoever is cut down`, async () => {
      await using app = await Application.open({ ...topology, ...setup, count: 3 });
      const settled = (count: number, jobs: number) =>
        eventually(
          `${count} workers and ${jobs} jobs`,
          () => app.scrape(),
          (reading) => {
            const sum = reading.value("jobs_total") ?? 0;
            assert.ok(sum <= jobs, `${sum} is more than was counted`);
            return reading.workers("up") === count && sum === jobs;
          },
        );
      for (const [index, worker] of app.workers.entries())
        await worker.tell("inc", "jobs_total", 10 ** index);
      assert.equal((await app.scrape()).value("jobs_total"), 111);
      const last = app.workers.at(-1);
      assert.ok(last);
      await cutDown(app, last);
      await settled(2, 111);
      // The end of the first process would be that of all.
      if (topology.isRootServing !== false) return;
      await app.workers.shift()?.kill();
      await settled(1, 111);
    });
  }
}

test("with Deno, a process that may not ask who it is answers for itself, and says so", async () => {
  const runtime = [...DENO, "--deny-sys"] as const;
  await using app = await Application.start({ kind: "fork", runtime });
  await app.join(app.root);
  assert.equal((await app.root.tell("state")).role, "alone");
  await app.errorLine(/^promhttp: Cannot meet the other workers; /);
  await app.root.tell("inc", "jobs_total");
  assert.equal((await app.scrape()).value("jobs_total"), 1);
});
