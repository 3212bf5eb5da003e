import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { resolveOptions } from "../src/options/rules.ts";
import { HELP } from "../src/programs/cli/help.ts";
import { readEnvironment } from "../src/programs/preload/environment.ts";

const ROOT = new URL("../", import.meta.url);
const README = readFileSync(new URL("README.md", ROOT), "utf8");

test("the README names every option, and no other", () => {
  const section = README.split("## Options\n")[1]?.split("\n## ")[0] ?? "";
  const named = Array.from(section.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name);
  assert.deepEqual(named.sort(), Object.keys(resolveOptions()).sort());
});

test("the README names every flag of the program, and no other", () => {
  const flagsIn = (text: string) => new Set(text.match(/--(?:web|log)\.[a-z-]+|--help|--version/g));
  const section = README.split("## The program\n")[1]?.split("\n## ")[0] ?? "";
  assert.deepEqual([...flagsIn(section)].sort(), [...flagsIn(HELP)].sort());
});

test("the README names every variable that the preload reads, and no other", () => {
  const read: string[] = [];
  const get = (_: object, name: string) => {
    read.push(name);
    return undefined;
  };
  readEnvironment(new Proxy({}, { get }));
  const section = README.split("## The preload\n")[1]?.split("\n## ")[0] ?? "";
  const named = section.match(/`(?:PROMHTTP|OTEL)_\w+`/g)?.map((name) => name.slice(1, -1));
  assert.deepEqual([...new Set(named)].sort(), read.sort());
});

for (const [, example, block] of README.matchAll(
  /\(\[example\]\((examples\/[^)]+)\)[^\n]*\n+```(?:js|yaml|ini)\n(.*?)```/gs,
)) {
  test(`the README shows what stands in ${example}`, () => {
    const source = linesOf(readFileSync(new URL(`${example}`, ROOT), "utf8"));
    // Lines may be left out, but none is another, nor in another order.
    for (const line of linesOf(`${block}`)) {
      const index = source.indexOf(line);
      assert.notEqual(index, -1, line);
      source.splice(0, index + 1);
    }
  });
}

test("the README says of every block of code of more than three lines where it comes from", () => {
  const unmarked = README.matchAll(/^([^\n]*)\n+```(?:js|ts|yaml|ini)\n(.*?)```/gms);
  for (const [, before = "", block = ""] of unmarked) {
    if (linesOf(block).length > 3) assert.match(before, /\(\[example\]\(examples\//, block);
  }
});

test("what the README says of each framework stands in its example", () => {
  const section = README.split("## The mounts\n")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/\[example\]\((\S+)\)\) \| `(.*)` \|$/gm)];
  assert.equal(rows.length, 7);
  for (const [, example, code = ""] of rows) {
    const source = readFileSync(new URL(`${example}`, ROOT), "utf8");
    const short = source.replaceAll("createHandler(register)", "metrics");
    for (const statement of code.split("; ")) assert.ok(short.includes(statement), statement);
  }
});

function linesOf(text: string): string[] {
  return text.split("\n").flatMap((line) => line.trim() || []);
}

const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];

for (const document of DOCUMENTS) {
  test(`${document} links and names only files that are there`, () => {
    const text = readFileSync(new URL(document, ROOT), "utf8");
    const links = Array.from(text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g), ([, path]) => `${path}`);
    const rooms = "gatherers|negotiation|encoders|compression|scrape|server|model|cli|process";
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
