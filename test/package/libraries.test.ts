import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { packedFiles } from "../helpers/packed-files.ts";

const ROOT = new URL("../../", import.meta.url);
const LIBRARIES = readdirSync(new URL("src/libraries/", ROOT)).map((file) =>
  file.replace(/\.ts$/, ""),
);

const HASH = "$2y$04$e.KcFkzWwWDw/qyk.rxHSOvKT4xpko2WwLn7tjtQoeDpPxr1F7ic2";

test("THIRD-PARTY-NOTICES has the licence of each library as it is installed", () => {
  const notices = readFileSync(new URL("THIRD-PARTY-NOTICES", ROOT), "utf8");
  const expected = LIBRARIES.map((name) => {
    const licence = readFileSync(new URL(`node_modules/${name}/LICENSE`, ROOT), "utf8");
    return `\n## ${name}\n\n${licence.trim()}\n`;
  });
  const title = "This package contains these libraries, minified, in dist/libraries/.\n";
  assert.equal(notices.replaceAll("\r", ""), [title, ...expected].join("").replaceAll("\r", ""));
});

test("npm packs the libraries and their licences", async () => {
  const packed = await packedFiles();
  assert.ok(packed.includes("THIRD-PARTY-NOTICES"));
  const libraries = packed.filter((file) => file.startsWith("dist/libraries/"));
  assert.deepEqual(
    libraries.toSorted(),
    LIBRARIES.map((name) => `dist/libraries/${name}.js`),
  );
});

for (const folder of ["src", "dist"] as const) {
  const extension = folder === "src" ? "ts" : "js";

  test(`${folder}/libraries/bcryptjs is the text of a module that a worker can run`, async () => {
    const url = new URL(`${folder}/libraries/bcryptjs.${extension}`, ROOT);
    const { BCRYPT_SOURCE } = await import(url.href);
    const compare = `["right", "wrong"].map((text) => module.exports.compareSync(text, "${HASH}"))`;
    const post = `require("node:worker_threads").parentPort.postMessage(${compare});`;
    const worker = new Worker(`${BCRYPT_SOURCE}\n${post}`, { eval: true });
    const answer = await new Promise((resolve, reject) => {
      worker.on("message", resolve).on("error", reject);
    });
    assert.deepEqual(answer, [true, false]);
    await worker.terminate();
  });

  test(`${folder}/libraries/yaml parses YAML`, async () => {
    const url = new URL(`${folder}/libraries/yaml.${extension}`, ROOT);
    const { Composer, Parser } = await import(url.href);
    const [document] = new Composer({ version: "1.1" }).compose(new Parser().parse("a: yes"));
    assert.deepEqual(document.toJS(), { a: true });
  });
}
