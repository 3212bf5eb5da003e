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

const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];

for (const document of DOCUMENTS) {
  test(`${document} links and names only files that are there`, () => {
    const text = readFileSync(new URL(document, ROOT), "utf8");
    const links = Array.from(text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g), ([, path]) => `${path}`);
    const rooms = "gatherers|negotiation|encoders|compression|scrape|server|model";
    const files = text.matchAll(new RegExp(`\`((?:${rooms})/[\\w-]+\\.ts)\``, "g"));
    const named = Array.from(files, ([, path]) => `src/${path}`);
    for (const path of [...links, ...named]) assert.ok(existsSync(new URL(path, ROOT)), path);
  });
}

for (const document of DOCUMENTS) {
  test(`${document} links only to headings that are there`, () => {
    const text = readFileSync(new URL(document, ROOT), "utf8");
    for (const [link, path, anchor = ""] of text.matchAll(/\]\(([^)#:]*)#([^)]*)\)/g)) {
      const target = readFileSync(new URL(path || document, ROOT), "utf8");
      assert.ok(anchorsOf(target).has(anchor), link);
    }
  });
}

test("anchorsOf() makes the anchors that GitHub makes", () => {
  const text = "# A `b[]`: c, d!\n\n## A-b_c\n## A-b_c\n```sh\n# no heading\n```\nNo # heading";
  assert.deepEqual([...anchorsOf(text)], ["a-b-c-d", "a-b_c", "a-b_c-1"]);
});

/** The anchors of the headings of a document. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  // What looks like a heading in a block of code is none.
  const prose = markdown.replace(/^```.*?^```/gms, "");
  for (const [, heading = ""] of prose.matchAll(/^#{1,6} (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    let copies = 0;
    let unique = anchor;
    while (anchors.has(unique)) unique = `${anchor}-${++copies}`;
    anchors.add(unique);
  }
  return anchors;
}
