import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { findCircle, forbiddenArrows, readArrows, readHouse } from "./helpers/house.ts";

const SRC = new URL("../src/", import.meta.url);
const TEXT = readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8");
const HOUSE = readHouse(TEXT);
const ARROWS = readArrows(SRC);
const FILES = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"));

test("the tables of ARCHITECTURE.md allow every import of src/", () => {
  assert.ok(ARROWS.length > 100, `${ARROWS.length} imports`);
  const forbidden = forbiddenArrows(HOUSE, ARROWS);
  assert.deepEqual(
    forbidden.map(({ from, to }) => `${from} imports ${to}`),
    [],
  );
});

test("no files of src/ import each other in a circle", () => {
  assert.deepEqual(findCircle(ARROWS), []);
});

test("the tables of ARCHITECTURE.md name every file and folder of src/, and no other", () => {
  const { rooms, wings } = HOUSE;
  const named = [...rooms, ...wings]
    .flatMap(({ names, door, mayImport }) => [...names, ...door, ...mayImport])
    .filter((name) => name !== "ground floor");
  for (const name of named) {
    const exists = FILES.some(
      (file) => file === name || (name.endsWith("/") && file.startsWith(name)),
    );
    assert.ok(exists, `${name} does not exist`);
  }
  for (const file of FILES) {
    const folder = file.replace(/[^/]+$/, "") || file;
    const isNamed = [...rooms, ...wings].some(({ names }) => names.includes(folder));
    assert.ok(isNamed, `No table names ${folder}`);
  }
});

const WRONG_ARROWS: readonly [from: string, to: string][] = [
  ["model/gatherer.ts", "scrape/scrape.ts"],
  ["exposition/expose.ts", "http/send.ts"],
  ["scrape/scrape.ts", "exposition/kept/store.ts"],
  ["http/send.ts", "gatherers/merge.ts"],
  ["exposition/expose.ts", "exposition/text/labels.ts"],
  ["exposition/protobuf/protobuf.ts", "exposition/text/text.ts"],
  ["scrape/scrape.ts", "somewhere/else.ts"],
];

for (const [from, to] of WRONG_ARROWS) {
  test(`the tables do not allow ${from} to import ${to}`, () => {
    assert.deepEqual(forbiddenArrows(HOUSE, [{ from, to }]), [{ from, to }]);
  });
}

test("findCircle() names the files of a circle", () => {
  const arrows = [
    { from: "a.ts", to: "b.ts" },
    { from: "b.ts", to: "c.ts" },
    { from: "c.ts", to: "b.ts" },
  ];
  assert.deepEqual(findCircle(arrows), ["b.ts", "c.ts", "b.ts"]);
});

/** Which modules of Node a room may ask for while it runs; types cost nothing and are free. */
test("each module of Node is asked for only where ARCHITECTURE.md says", () => {
  const table = [...TEXT.matchAll(/^\| ((?:`node:[\w/]+`(?:, )?)+) +\| (.*?) +\|$/gm)];
  const allowed = new Map(
    table.flatMap(([, modules = "", rooms = ""]) =>
      (modules.match(/node:[\w/]+/g) ?? []).map(
        (name) => [name, rooms.match(/[\w-]+(?:\/[\w-]+)*(?:\/|\.ts)/g) ?? []] as const,
      ),
    ),
  );
  for (const file of FILES) {
    const source = readFileSync(new URL(file, SRC), "utf8");
    const asked = source.matchAll(
      /nodeModule\("(node:[\w/]+)"\)|^import (?!type).*"(node:[\w/]+)";$|BuiltinModule\("(node:[\w/]+)"\)/gm,
    );
    for (const [, first, second, third] of asked) {
      const name = first ?? second ?? third ?? "";
      const rooms = allowed.get(name);
      assert.ok(
        rooms?.some((room) => file.startsWith(room)),
        `${file} asks for ${name}`,
      );
    }
  }
});

test("to add something that ARCHITECTURE.md names takes at most four files that exist", () => {
  const section = TEXT.split("## Where to add what\n")[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => /^\| (?!to add|-)/.test(line));
  assert.ok(rows.length >= 15, `${rows.length} rows`);
  for (const row of rows) {
    const [, what = "", edit = ""] = row.split("|");
    const files = Array.from(edit.matchAll(/`([^`]+\.ts)`/g), ([, file = ""]) => file);
    for (const file of files) assert.ok(FILES.includes(file), `${what}: ${file} does not exist`);
    const others = edit.includes("package.json") || edit.includes("the room") ? 1 : 0;
    assert.ok(files.length + others <= 4, `${what}: ${files.length + others} files`);
  }
});

const LINES = new Map(
  FILES.map((file) => [file, readFileSync(new URL(file, SRC), "utf8").split("\n").length - 1]),
);

test("ARCHITECTURE.md gives the reason of every file under 30 lines; they are fewer than 10 %", () => {
  const short = FILES.filter((file) => (LINES.get(file) ?? 0) < 30);
  const section = TEXT.split("\n- A file of 60 to 200 lines")[1]?.split("\n")[0] ?? "";
  const named = Array.from(section.matchAll(/`([^`]+\.ts)`/g), ([, file = ""]) => file);
  assert.deepEqual(named.sort(), short.sort());
  assert.ok(short.length < FILES.length / 10, `${short.length} of ${FILES.length}`);
});

test("no folder of src/ holds more than a dozen files, beside the entries", () => {
  const entries = HOUSE.rooms.find(({ names }) => names.includes("index.ts"))?.names ?? [];
  const counts = new Map<string, number>();
  for (const file of FILES.filter((name) => !entries.includes(name))) {
    const folder = file.replace(/[^/]+$/, "");
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const heaps = [...counts].filter(([, count]) => count > 12);
  assert.deepEqual(heaps, []);
});

test("test/ mirrors src/, beside the folders that ARCHITECTURE.md lists", () => {
  const section = TEXT.split("## Build and tests\n")[1] ?? "";
  const others = Array.from(section.matchAll(/`([\w-]+)\/`/g), ([, name]) => name);
  const folders = readdirSync(new URL("../test/", import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const rooms = new Set(FILES.map((file) => file.split("/")[0]));
  const strangers = folders.filter((name) => !others.includes(name) && !rooms.has(name));
  assert.deepEqual(strangers, []);
});
