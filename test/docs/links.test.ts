import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { packedFiles } from "../helpers/packed-files.ts";
import {
  anchorsOf,
  DOCUMENTS,
  type Document,
  GUIDE,
  linksOf,
  ROOT,
  readDocument,
} from "./documents.ts";

const README = readDocument("README.md");
const INDEX = readDocument("docs/guide/README.md");

const ROOMS = readdirSync(new URL("src/", ROOT)).filter((name) => !name.includes("."));
const NAMED_FILE = new RegExp(`\`((?:${ROOMS.join("|")})/[\\w/-]+\\.ts)\``, "g");

for (const document of DOCUMENTS) {
  test(`${document.path} links and names only files that exist`, () => {
    const named = Array.from(document.text.matchAll(NAMED_FILE), ([, path]) => `src/${path}`);
    for (const path of [...pathsOf(document), ...named]) {
      assert.ok(existsSync(new URL(path, ROOT)), path);
    }
  });

  test(`${document.path} links only to headings that exist`, () => {
    for (const { markdown, path, anchor } of linksOf(document)) {
      if (anchor === undefined) continue;
      assert.ok(anchorsOf(readFileSync(new URL(path, ROOT), "utf8")).has(anchor), markdown);
    }
  });
}

for (const document of [README, INDEX]) {
  test(`${document.path} links to every page of the guide`, () => {
    const linked = [INDEX.path, ...pathsOf(document)];
    const pages = GUIDE.map(({ path }) => path);
    assert.deepEqual(
      pages.filter((path) => !linked.includes(path)),
      [],
    );
  });
}

test("the index of the guide links to every example, and into every folder of them", () => {
  const linked = pathsOf(INDEX).map((path) => path.split("/").slice(0, 2).join("/"));
  const examples = readdirSync(new URL("examples/", ROOT)).filter(
    (name) => name !== "tsconfig.json",
  );
  assert.deepEqual(
    examples.filter((name) => !linked.includes(`examples/${name}`)),
    [],
  );
});

test("no published document links to a file that is not published", async () => {
  const published = await packedFiles();
  const documents = published.filter((path) => path.endsWith(".md"));
  assert.ok(documents.includes(README.path) && documents.includes(INDEX.path));
  for (const path of documents) {
    const strays = pathsOf(readDocument(path)).filter((target) => !published.includes(target));
    assert.deepEqual(strays, [], path);
  }
});

test("anchorsOf() makes the anchors that GitHub makes", () => {
  const text = "# A `b[]`: c, d!\n\n## A-b_c\n## A-b_c\n```sh\n# no heading\n```\nNo # heading";
  assert.deepEqual([...anchorsOf(text)], ["a-b-c-d", "a-b_c", "a-b_c-1"]);
});

function pathsOf(document: Document): string[] {
  return linksOf(document).map(({ path }) => path);
}
