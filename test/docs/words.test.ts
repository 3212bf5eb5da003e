import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url);

/** What people read: documents, and the comments and messages of the sources and the examples. */
const FILES = ["", "docs/guide/", "bench/", "src/", "examples/"].flatMap((folder) =>
  readdirSync(new URL(folder || ".", ROOT), { recursive: folder !== "", encoding: "utf8" })
    .map((file) => folder + file.replaceAll("\\", "/"))
    .filter((file) => /^[^/]+\.md$|\.(?:md|ts|mjs)$/.test(file) && !file.includes("node_modules")),
);

/** Phrases that read as if translated, and what to write instead. */
const PHRASES: readonly [phrase: RegExp, instead: string][] = [
  [/(?<!there )\b(?:is|are) no\b(?! longer| more)/i, "is not a …, has no …"],
  [/\bfor ever\b/i, "forever"],
  [/\bhears? of\b/i, "is called for, is told about"],
  [/\blets? go\b/i, "releases"],
  [/\bbears? (?!in mind)/i, "supports, tolerates"],
];

for (const [phrase, instead] of PHRASES) {
  test(`nothing that people read says ${phrase}: write "${instead}"`, () => {
    assert.ok(FILES.length > 100, `${FILES.length} files`);
    const found = FILES.flatMap((file) =>
      readFileSync(new URL(file, ROOT), "utf8")
        .split("\n")
        .flatMap((line, index) =>
          phrase.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [],
        ),
    );
    assert.deepEqual(found, []);
  });
}
