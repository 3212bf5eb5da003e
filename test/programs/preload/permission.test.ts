import assert from "node:assert/strict";
import { realpath } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withApp } from "../../helpers/processes/with-app.ts";
import { COMMONJS_APP, preloaded, scrape, TALKATIVE } from "./apps.ts";

// The permission model of Node.js ends no application that has the preload.

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const FLAGS = process.allowedNodeEnvironmentFlags;
const PERMISSION = FLAGS.has("--permission") ? "--permission" : "--experimental-permission";

/** Node.js 25 and later deny the network, too. */
const CAN_DENY_NETWORK = FLAGS.has("--allow-net");

const FILES = { "app.cjs": COMMONJS_APP };

for (const address of ["127.0.0.1:0", ":0", "localhost:0", "[::1]:0", "unix:app.sock"]) {
  const skip = !CAN_DENY_NETWORK;
  test(`an application without permission to listen on ${address} runs`, { skip }, async () => {
    await withApp(FILES, ["prom-client"], async (app) => {
      const args = [PERMISSION, "--allow-fs-read=/", "app.cjs"];
      const child = preloaded(app, args, { PROMHTTP_ADDRESS: address });
      await child.line("ready");
      await child.errorLine(
        /^promhttp: Cannot serve metrics: Cannot listen on "\S+": not permitted: Node needs --allow-net$/,
      );
      // It lives on.
      await new Promise((resolve) => setTimeout(resolve, 100));
      child.tell("end");
      const { code, stderr } = await child.exit();
      assert.equal(code, 0);
      // It cannot meet other processes, either.
      assert.deepEqual(stderr.match(/promhttp: \w+ \w+/g), [
        "promhttp: Cannot meet",
        "promhttp: Cannot serve",
      ]);
    });
  });
}

test("the preload serves an application that may read only its own files", async () => {
  await withApp(FILES, ["prom-client"], async (app) => {
    const network = CAN_DENY_NETWORK ? ["--allow-net"] : [];
    const folders = [await realpath(app.folder), ROOT].map((folder) => `--allow-fs-read=${folder}`);
    const args = ["--no-warnings", PERMISSION, ...folders, ...network];
    const child = preloaded(app, [...args, "app.cjs"], TALKATIVE);
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    child.tell("end");
    const { code, stderr } = await child.exit();
    assert.equal(code, 0);
    // It cannot meet other processes.
    assert.deepEqual(stderr.match(/promhttp: [^:]+/g), [
      "promhttp: Cannot meet the other workers; this one is a target of its own",
    ]);
  });
});

test("the preload needs no permission to write with PROMHTTP_WORKERS=0", async () => {
  await withApp(FILES, ["prom-client"], async (app) => {
    const network = CAN_DENY_NETWORK ? ["--allow-net"] : [];
    const args = ["--no-warnings", PERMISSION, "--allow-fs-read=/", ...network, "app.cjs"];
    const child = preloaded(app, args, { PROMHTTP_WORKERS: "0" });
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    child.tell("end");
    const { code, stderr } = await child.exit();
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /promhttp: /);
  });
});

test("the preload serves in the main thread, and says so, without permission for another", async () => {
  await withApp(FILES, ["prom-client"], async (app) => {
    const network = CAN_DENY_NETWORK ? ["--allow-net"] : [];
    const args = ["--no-warnings", PERMISSION, "--allow-fs-read=/", ...network, "app.cjs"];
    const child = preloaded(app, args, { PROMHTTP_WORKERS: "0", PROMHTTP_THREAD: "1" });
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    child.tell("end");
    const { code, stderr } = await child.exit();
    assert.equal(code, 0);
    assert.deepEqual(stderr.match(/promhttp: [^:;]+/g), [
      "promhttp: Cannot start a thread for the server",
    ]);
  });
});

test("Node.js ends a process that may not read promhttp", async () => {
  await withApp(FILES, ["prom-client"], async (app) => {
    const folder = await realpath(app.folder);
    const child = preloaded(app, [PERMISSION, `--allow-fs-read=${folder}`, "app.cjs"]);
    const { code, stderr } = await child.exit();
    assert.equal(code, 1);
    assert.match(stderr, /ERR_ACCESS_DENIED/);
  });
});
