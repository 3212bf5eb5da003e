import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { type Environment, readEnvironment, setMark } from "../../src/group/environment.ts";
import { forkNode, TYPESCRIPT } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const MODULE = new URL("../../src/group/environment.ts", import.meta.url).href;

/** Reads what a process says about itself, of which some things are invented. */
function readWith(main: string | undefined, env: Readonly<Record<string, string>>): Environment {
  const [oldMain, oldEnv] = [process.argv[1], process.env];
  process.env = { ...env };
  process.argv[1] = main as string;
  try {
    return readEnvironment();
  } finally {
    process.env = oldEnv;
    process.argv[1] = oldMain as string;
  }
}

test("readEnvironment() says what this process is", () => {
  const environment = readEnvironment();
  assert.equal(environment.pid, process.pid);
  assert.equal(environment.parentPid, process.ppid);
  assert.equal(environment.thread, 0);
  assert.equal(environment.uid, process.geteuid?.());
  assert.equal(environment.temporaryFolder, tmpdir());
  assert.equal(environment.script, process.argv[1]);
  assert.equal(environment.folder, process.cwd());
});

test("readEnvironment() takes empty variables for unset ones", () => {
  const empty = readWith("/app.js", { PROMHTTP_RUNTIME_DIR: "", PROMHTTP_GROUP: "" });
  assert.deepEqual(
    [empty.runtimeFolder, empty.group, empty.mark],
    [undefined, undefined, undefined],
  );
  const set = readWith("/app.js", {
    PROMHTTP_RUNTIME_DIR: "/run/app",
    PROMHTTP_GROUP: "shop",
    PROMHTTP_SERVED_BY: "42",
  });
  assert.deepEqual([set.runtimeFolder, set.group, set.mark], ["/run/app", "shop", "42"]);
});

const PM2 = {
  pm_exec_path: "/srv/current/web.js",
  pm_cwd: "/srv/current",
  name: "api",
  pm_id: "3",
};
const CLUSTER_CONTAINER = "/usr/lib/node_modules/pm2/lib/ProcessContainer.js";
const FORK_CONTAINER = "/usr/lib/node_modules/pm2/lib/ProcessContainerFork.js";

const INSTANCES: readonly [what: string, main: string, env: Readonly<Record<string, string>>][] = [
  ["in fork mode", FORK_CONTAINER, PM2],
  [
    "in cluster mode, before it runs",
    CLUSTER_CONTAINER,
    { pm2_env: JSON.stringify({ ...PM2, pm_id: 3 }) },
  ],
  ["in cluster mode, while it runs", CLUSTER_CONTAINER, PM2],
];

for (const [what, main, env] of INSTANCES) {
  test(`an instance of pm2 ${what} is known`, () => {
    const { script, folder, pm2Name, id } = readWith(main, env);
    assert.deepEqual(
      { script, folder, pm2Name, id },
      { script: PM2.pm_exec_path, folder: PM2.pm_cwd, pm2Name: "api", id: "3" },
    );
  });
}

const OTHERS: readonly [what: string, main: string, env: Readonly<Record<string, string>>][] = [
  ["that the application has started", "/srv/current/job.js", PM2],
  ["that the application has started from its own script", PM2.pm_exec_path, PM2],
  ["of pm2 itself", CLUSTER_CONTAINER, {}],
  ["with odd variables", CLUSTER_CONTAINER, { pm2_env: "{" }],
  ["with a list of variables", CLUSTER_CONTAINER, { pm2_env: "null" }],
  ["without a name", FORK_CONTAINER, { ...PM2, name: "" }],
];

for (const [what, main, env] of OTHERS) {
  test(`a process ${what} is not an instance of pm2`, () => {
    const { script, pm2Name, id } = readWith(main, env);
    assert.deepEqual({ script, pm2Name, id }, { script: main, pm2Name: undefined, id: "" });
  });
}

test("a thread is offspring, and has the script of its process", {
  skip: process.platform !== "linux",
}, async () => {
  const worker = new Worker(new URL("../fixtures/worker-id.ts", import.meta.url), {
    execArgv: ["--import", TYPESCRIPT],
  });
  const [{ environment }] = await once(worker, "message");
  assert.ok(environment.isOffspring);
  assert.ok(environment.thread > 0);
  assert.equal(environment.script, readEnvironment().script);
});

test(
  "a thread does not take the value of an option for the script of its process",
  {
    skip: process.platform !== "linux",
  },
  () =>
    withTempDir(async (folder) => {
      const [script, variables] = [join(folder, "main.mjs"), join(folder, ".env")];
      writeFileSync(variables, "");
      const thread = new URL("../fixtures/worker-id.ts", import.meta.url).href;
      writeFileSync(
        script,
        `import { Worker } from "node:worker_threads";
      const thread = new Worker(new URL(${JSON.stringify(thread)}));
      thread.on("message", ({ environment }) => console.log(environment.script));`,
      );
      const child = forkNode(["--import", TYPESCRIPT, "--env-file", variables, script]);
      assert.equal((await child.exit()).stdout, `${script}\n`);
    }),
);

test("a thread that must not ask for the channel of its process has no id", async () => {
  const worker = new Worker(new URL("../fixtures/worker-id.ts", import.meta.url), {
    execArgv: ["--import", TYPESCRIPT],
    // Node refuses `process.connected` then; Deno does in every thread.
    env: { ...process.env, NODE_CHANNEL_FD: "3" },
  });
  const [{ environment }] = await once(worker, "message");
  assert.equal(environment.id, "");
});

test("onExit() calls back when the process exits, unless that was taken back", async () =>
  withTempDir(async (folder) => {
    mkdirSync(join(folder, "app"));
    const script = join(folder, "app", "main.mjs");
    writeFileSync(
      script,
      `import { onExit } from ${JSON.stringify(MODULE)};
      onExit(() => console.log("first"));
      onExit(() => console.log("second"))();
      for (let i = 0; i < 20; i++) onExit(() => {});
      onExit(() => console.log(process.listenerCount("exit")));
      process.exitCode = 3;`,
    );
    const { code, stdout, stderr } = await forkNode(["--import", TYPESCRIPT, script]).exit();
    assert.deepEqual([code, stdout, stderr], [3, "first\n1\n", ""]);
  }));

test("onIdle() calls back once when nothing is left to do, but not at process.exit()", async () =>
  withTempDir(async (folder) => {
    const script = join(folder, "main.mjs");
    writeFileSync(
      script,
      `import { onIdle } from ${JSON.stringify(MODULE)};
      onIdle(() => console.log("never"))();
      for (let i = 0; i < 20; i++) onIdle(() => {});
      onIdle(() => {
        console.log("idle");
        setTimeout(() => console.log(process.listenerCount("beforeExit")), 1);
      });
      if (process.argv[2] === "exit") process.exit();`,
    );
    const outputs = { exit: "", idle: "idle\n0\n" };
    for (const [way, output] of Object.entries(outputs)) {
      const child = forkNode(["--import", TYPESCRIPT, script, way]);
      const { code, stdout, stderr } = await child.exit();
      assert.deepEqual([code, stdout, stderr], [0, output, ""]);
    }
  }));

test("setMark() does without, where variables cannot be set", () => {
  const before = process.env;
  process.env = Object.freeze({ ...before });
  try {
    setMark("42");
    assert.equal(readEnvironment().mark, before["PROMHTTP_SERVED_BY"]);
  } finally {
    process.env = before;
  }
});

test("setMark() tells child processes", async () => {
  const old = process.env["PROMHTTP_SERVED_BY"];
  try {
    setMark("42");
    const child = forkNode(["-p", "process.env.PROMHTTP_SERVED_BY"]);
    assert.equal((await child.exit()).stdout, "42\n");
  } finally {
    if (old === undefined) delete process.env["PROMHTTP_SERVED_BY"];
    else process.env["PROMHTTP_SERVED_BY"] = old;
  }
});
