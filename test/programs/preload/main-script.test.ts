import assert from "node:assert/strict";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isTool, mainScript } from "../../../src/programs/preload/main-script.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

test("mainScript() finds the file that Node runs", async () => {
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

const SCRIPTS: Readonly<Record<string, boolean>> = {
  "/srv/app/server.js": false,
  "/srv/yarn/server.js": false,
  "/srv/node_modules.js": false,
  "/usr/lib/node_modules/npm/bin/npx-cli.js": true,
  "/srv/app/node_modules/tsx/dist/cli.mjs": true,
  "C:\\app\\node_modules\\nodemon\\bin\\nodemon.js": true,
  "/srv/app/.yarn/releases/yarn-4.5.0.cjs": true,
  "/root/.cache/node/corepack/v1/pnpm/9.0.0/bin/pnpm.cjs": true,
  "/usr/share/yarn/bin/yarn.js": true,
};

for (const [script, expected] of Object.entries(SCRIPTS)) {
  test(`isTool() says ${expected} for ${script}`, () => {
    assert.equal(isTool(script), expected);
  });
}
