import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { forkNode } from "../helpers/processes/fork-fixture.ts";
import { withApp } from "../helpers/processes/with-app.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { eventually, scrape } from "../helpers/workers/reading.ts";
import { canUnshare, FLAGS, runContainer, skip } from "./run-container.ts";
import { ROOT, readExample, withProject } from "./with-project.ts";

const DOCKERFILE = readExample("docker/Dockerfile");
const APP = readExample("preload-app.mjs");

/** The arguments of an instruction of the Dockerfile, with this Node, and a port of its own. */
function commandOf(instruction: string, port: number): string[] {
  const [, json = ""] = new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(DOCKERFILE) ?? [];
  const [node, ...args]: string[] = JSON.parse(json);
  assert.equal(node, "node");
  return [process.execPath, ...args.map((arg) => arg.replace("9464", `${port}`))];
}

test("a linter finds no fault in the Dockerfiles", () => {
  const { validate }: { validate(text: string): unknown[] } = createRequire(import.meta.url)(
    "dockerfile-utils",
  );
  assert.deepEqual(validate(DOCKERFILE), []);
  assert.deepEqual(validate(readFileSync(join(ROOT, "templates/Dockerfile"), "utf8")), []);
  assert.equal(validate(`${DOCKERFILE}CMD ["node"]\n`).length, 1);
});

test("the image's command serves as process 1, is healthy, and ends on SIGTERM", {
  skip,
}, async () => {
  const port = await freePort();
  const env = { PROMHTTP_ADDRESS: `:${port}`, PORT: "0" };
  await withApp({ "app.mjs": APP }, ["prom-client"], async ({ folder, node }) => {
    const [, ...healthcheck] = commandOf("HEALTHCHECK CMD", port);
    assert.equal((await node(healthcheck).exit()).code, 1);

    const container = runContainer(commandOf("CMD", port), folder, env);
    const { body } = await firstAnswer(`http://127.0.0.1:${port}/metrics`);
    assert.match(`${body}`, /^shop_visits_total 0$/m);
    assert.deepEqual(await node(healthcheck).exit(), ENDED);
    await container.stop();
    assert.deepEqual(await container.exit(), ENDED);
  });
});

/** An application that leaves its end to the system, as most do, and says so when it is told a line. */
const CARELESS = `
  process.stdin.on("data", (line) => console.log("still here"));
  console.log("runs as " + process.pid);
`;

test("process 1 without a listener ignores SIGTERM, but not below an init", { skip }, async () => {
  await withTempDir(async (folder) => {
    const node = [process.execPath, "--eval", CARELESS];
    const first = runContainer(node, folder, {});
    await first.line("runs as 1");
    await first.stop();
    first.tell("");
    await first.line("still here");
    first.signal("SIGKILL");
    await first.exit();

    // What `docker run --init` puts in front of the command.
    const below = runContainer(["tini", "--", ...node], folder, {});
    assert.notEqual(await below.line("runs as "), "1");
    await below.stop();
    assert.equal((await below.exit()).code, 128 + 15);
  });
});

/** Makes everything read-only that a container has of its image. */
const READ_ONLY = "mount --make-rprivate / && mount -o remount,bind,ro /";
const canMount = canUnshare && spawnSync("unshare", [...FLAGS, "sh", "-c", READ_ONLY]).status === 0;

/** What is mounted in a container, and the folder in which its workers meet then. */
const MOUNTS: readonly [what: string, mounts: readonly string[], folder: string, env?: Env][] = [
  ["--tmpfs /tmp", ["mode=1777 tmpfs /tmp"], "/tmp/promhttp-0"],
  [
    "an emptyDir at /tmp",
    // Open to all, and not sticky, as Kubernetes makes it.
    ["mode=0777 tmpfs /tmp", "mode=1777 tmpfs /dev/shm"],
    "/dev/shm/promhttp-0",
  ],
  ["--tmpfs /run", ["mode=1777 tmpfs /run"], "/run/shop", { PROMHTTP_RUNTIME_DIR: "/run/shop" }],
];

type Env = Readonly<Record<string, string>>;

for (const [what, mounts, folder, env] of MOUNTS) {
  const skipped = canMount ? false : "This system mounts nothing in namespaces";
  test(`workers of a read-only container meet with ${what}`, { skip: skipped }, async () => {
    const metricsPort = await freePort();
    const files = { "app.mjs": readExample("cluster.mjs").replaceAll("9464", `${metricsPort}`) };
    await withProject({ files }, async (project) => {
      const script = [READ_ONLY, ...mounts.map((mount) => `mount -t tmpfs -o ${mount}`)];
      const command = ["sh", "-c", `${script.join(" && ")} && exec "$0" app.mjs`, process.execPath];
      const port = await freePort();
      const container = runContainer(command, project.folder, { ...env, PORT: `${port}` });
      try {
        const read = () => scrape(`http://127.0.0.1:${metricsPort}/metrics`);
        await eventually("five workers", read, (reading) => reading.workers("up") === 5);
        const names = await readdir(await container.outside(folder));
        assert.ok(names.some((name) => name.endsWith(".sock")));
        const file = await container.outside(join(project.folder, "file"));
        await assert.rejects(writeFile(file, ""), { code: "EROFS" });
        await container.stop();
        assert.deepEqual(await container.exit(), ENDED);
      } finally {
        container.signal("SIGKILL");
      }
    });
  });
}

test("NODE_OPTIONS with the preload ends every Node that cannot resolve promhttp", async () => {
  await withTempDir(async (folder) => {
    const env = { NODE_OPTIONS: "--import promhttp/register" };
    const { code, stderr } = await forkNode(["--print", "1"], { cwd: folder, env }).exit();
    assert.equal(code, 1);
    assert.match(stderr, /ERR_MODULE_NOT_FOUND/);
  });
});

const ENDED = { code: 0, signal: null, stdout: "", stderr: "" };
