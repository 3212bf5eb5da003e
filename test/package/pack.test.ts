import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { packedFiles } from "../helpers/packed-files.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

function run(folder: string, command: string): string {
  return execFileSync(command, { cwd: folder, encoding: "utf8", shell: true, stdio: "pipe" });
}

/** Copies what a clone of the repository would have, and what is not committed yet. */
function copyCheckout(to: string): void {
  const files = run(ROOT, "git ls-files --cached --others --exclude-standard -z").split("\0");
  for (const file of files.filter((path) => path !== "" && existsSync(join(ROOT, path)))) {
    cpSync(join(ROOT, file), join(to, file), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(to, "node_modules"), "junction");
}

test("npm packs a clean clone with everything that the package needs", () =>
  withTempDir(async (folder) => {
    copyCheckout(folder);
    const [archive] = run(folder, "npm pack --silent").trim().split("\n").slice(-1);
    const packed = run(folder, `tar -tzf ${archive}`).trim().split("\n");
    const paths = packed.map((path) => path.replace(/^package\//, "").trim());

    assert.deepEqual(paths.toSorted(), (await packedFiles()).toSorted());
    const { exports, bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    for (const [, path = ""] of JSON.stringify([exports, bin]).matchAll(/:"\.\/([^"]+)"/g)) {
      assert.ok(paths.includes(path), path);
    }
  }));

test("npm does not publish before the release is prepared", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.equal(scripts.prepublishOnly, "node tools/check-release.mjs");
  assert.throws(
    () => run(ROOT, "node tools/check-release.mjs"),
    /Cannot publish: package\.json has no repository/,
  );
});
