import assert from "node:assert/strict";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isTool, mainScript } from "../../src/programs/main-script.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

test("mainScript() resolves the file that Node runs", async () => {
  await withTempDir(async (directory) => {
    const folder = await realpath(directory);
    await mkdir(join(folder, "lib"));
    await writeFile(join(folder, "app.js"), "");
    await writeFile(join(folder, "app.ts"), "");
    await writeFile(join(folder, "lib/index.js"), "");
    await symlink(join(folder, "lib/index.js"), join(folder, "link"));
    assert.equal(mainScript(join(folder, "app.js")), join(folder, "app.js"));
    assert.equal(mainScript(join(folder, "app.ts")), join(folder, "app.ts"));
    assert.equal(mainScript(join(folder, "app")), join(folder, "app.js"));
    assert.equal(mainScript(join(folder, "lib")), join(folder, "lib/index.js"));
    assert.equal(mainScript(join(folder, "link")), join(folder, "lib/index.js"));
    for (const none of [undefined, "", "argument", join(folder, "missing")]) {
      assert.equal(mainScript(none), undefined);
    }
  });
});

test("mainScript() is the application that pm2 loads", async () => {
  await withTempDir(async (directory) => {
    const app = join(await realpath(directory), "app.js");
    await writeFile(app, "");
    for (const container of ["ProcessContainer.js", "ProcessContainerFork.js"]) {
      assert.equal(mainScript(`/usr/lib/node_modules/pm2/lib/${container}`, app), app);
    }
    // A child process of the application.
    assert.equal(mainScript(app, "/srv/other.js"), app);
  });
});

const SCRIPTS: Readonly<Record<string, boolean>> = {
  "/srv/app/server.js": false,
  "/srv/app/npm.js": false,
  "/srv/app/npm-statistics.js": false,
  "/srv/app/yarn-report.js": false,
  "/srv/yarn/server.js": false,
  "/srv/nodejs/server.js": false,
  "/usr/local/lib/nodejs/server.js": false,
  "/srv/node_modules.js": false,
  "/srv/node_modules_old/server.js": false,
  "/usr/lib/node_modules_22/npm/bin/npm-cli.js": true,
  "/usr/lib/node_modules_22/tsx/dist/cli.mjs": true,
  "/usr/share/nodejs/npm/bin/npm-cli.js": true,
  "/usr/share/nodejs/ts-node/dist/bin.js": true,
  "/usr/lib/x86_64-linux-gnu/nodejs/tool/cli.js": true,
  "/home/me/.volta/tools/image/npm/10.9.0/bin/npm-cli.js": true,
  "C:\\Users\\me\\Volta\\tools\\image\\npm\\10.9.0\\bin\\npx-cli.js": true,
  "C:\\tools\\npm\\bin\\npm-prefix.js": true,
  "/opt/yarn-v1.22.22/bin/yarn.js": true,
  "/opt/homebrew/Cellar/pnpm/10.2.0/libexec/bin/pnpm.cjs": true,
  "/opt/pnpm/bin/pnpm.mjs": true,
  "/opt/pnpm/bin/pnpx.cjs": true,
  "/srv/app/tools/yarn-4.5.0.cjs": true,
  "/srv/app/tools/yarn-berry.cjs": true,
  "/usr/bin/npm": true,
  "/nix/store/x-nodejs/lib/corepack.cjs": true,
  "/usr/lib/node_modules/npm/bin/npx-cli.js": true,
  "/srv/app/node_modules/tsx/dist/cli.mjs": true,
  "C:\\app\\node_modules\\nodemon\\bin\\nodemon.js": true,
  "/srv/app/.yarn/releases/yarn-4.5.0.cjs": true,
  "/root/.cache/node/corepack/v1/pnpm/9.0.0/bin/pnpm.cjs": true,
  "/usr/share/yarn/bin/yarn.js": true,
};

for (const [script, expected] of Object.entries(SCRIPTS)) {
  test(`isTool() is ${expected} for ${script}`, () => {
    assert.equal(isTool(script), expected);
  });
}
