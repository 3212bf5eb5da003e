import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { resolveOptions } from "../src/options.ts";

const ROOT = new URL("../", import.meta.url);
const README = readFileSync(new URL("README.md", ROOT), "utf8");

test("the README names every option, and no other", () => {
  const section = README.split("## Options\n")[1]?.split("\n## ")[0] ?? "";
  const named = Array.from(section.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name);
  assert.deepEqual(named.sort(), Object.keys(resolveOptions()).sort());
});

for (const document of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]) {
  test(`${document} links and names only files that are there`, () => {
    const text = readFileSync(new URL(document, ROOT), "utf8");
    const links = Array.from(text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g), ([, path]) => `${path}`);
    const rooms = "gatherers|negotiation|encoders|compression|scrape|server|model";
    const files = text.matchAll(new RegExp(`\`((?:${rooms})/[\\w-]+\\.ts)\``, "g"));
    const named = Array.from(files, ([, path]) => `src/${path}`);
    for (const path of [...links, ...named]) assert.ok(existsSync(new URL(path, ROOT)), path);
  });
}
