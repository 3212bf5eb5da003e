import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { type Fixture, forkNode, watch } from "../helpers/processes/fork-fixture.ts";
import { withApp } from "../helpers/processes/with-app.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { readExample } from "./with-project.ts";

// No Docker runs here. What matters to a process in a container is its namespace: there it is number 1.

const DOCKERFILE = readExample("docker/Dockerfile");
const APP = readExample("preload-app.mjs");

/** What makes a namespace of processes, and starts the first of them. */
const UNSHARE = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const isRoot = process.getuid?.() === 0;
const FLAGS = isRoot ? UNSHARE : ["--user", "--map-root-user", ...UNSHARE];
const canUnshare = spawnSync("unshare", [...FLAGS, "true"]).status === 0;
const skip = canUnshare ? false : "This system makes no namespaces of processes";

/** The first process of a namespace. */
interface Container extends Fixture {
  /** Sends a signal as `docker stop` does: from outside, to the first process. */
  stop(): Promise<void>;
}

function runContainer(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Container {
  const stdio = ["pipe", "pipe", "pipe"] as const;
  const child = spawn("unshare", [...FLAGS, ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: [...stdio],
  });
  return {
    ...watch(child),
    async stop() {
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
      process.kill(Number(children), "SIGTERM");
    },
  };
}

/** The arguments of an instruction of the Dockerfile, with this Node, and a port of its own. */
function commandOf(instruction: string, port: number): string[] {
  const [, json = ""] = new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(DOCKERFILE) ?? [];
  const [node, ...args]: string[] = JSON.parse(json);
  assert.equal(node, "node");
  return [process.execPath, ...args.map((arg) => arg.replace("9464", `${port}`))];
}

test("a linter finds no fault in the Dockerfile", () => {
  const { validate }: { validate(text: string): unknown[] } = createRequire(import.meta.url)(
    "dockerfile-utils",
  );
  assert.deepEqual(validate(DOCKERFILE), []);
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

test("NODE_OPTIONS with the preload ends every Node that cannot resolve promhttp", async () => {
  await withTempDir(async (folder) => {
    const env = { NODE_OPTIONS: "--import promhttp/register" };
    const { code, stderr } = await forkNode(["--print", "1"], { cwd: folder, env }).exit();
    assert.equal(code, 1);
    assert.match(stderr, /ERR_MODULE_NOT_FOUND/);
  });
});

const ENDED = { code: 0, signal: null, stdout: "", stderr: "" };
