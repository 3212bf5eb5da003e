import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gatherer } from "../../../src/model/gatherer.ts";
import { QueryError } from "../../../src/scrape/failure.ts";
import { quote, readPairs, readSelection, takeParams } from "../../../src/scrape/query/query.ts";
import { EVERYTHING, NO_PARAMS } from "../../../src/scrape/query/selection.ts";
import { createScraper } from "../../helpers/scraping/scraper.ts";

const PAIRS: readonly (readonly [query: string, pairs: readonly (readonly [string, string])[]])[] =
  [
    ["", []],
    ["&&", []],
    ["a", [["a", ""]]],
    ["a=", [["a", ""]]],
    ["=a", [["", "a"]]],
    ["a=b=c", [["a", "b=c"]]],
    [
      "a=1&b=2&a=3",
      [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
    ],
    ["n%61me%5b%5D=a+b%2Bc%26d", [["name[]", "a b+c&d"]]],
    ["a;b=c", [["a;b", "c"]]],
    ["gr%C3%B6%C3%9Fe=%F0%9F%90%98", [["größe", "🐘"]]],
    ["__proto__=1", [["__proto__", "1"]]],
  ];

for (const [query, pairs] of PAIRS) {
  test(`readPairs() reads ${pairs.length} parameters of "${query}"`, () => {
    assert.deepEqual(readPairs(query), pairs);
  });
}

const BROKEN: readonly (readonly [name: string, query: string, answer: string])[] = [
  ["a broken escape in a name", "name[]=%E0%A4%A", "The query has a broken escape."],
  ["an escape that is not UTF-8", "name[]=%FF", "The query has a broken escape."],
  ["a broken escape in a parameter", "%=1", "The query has a broken escape."],
  ["a broken escape that nothing reads", "a=100%", "The query has a broken escape."],
  ["1,025 names", names(1_025), "The query has more than 1024 parameters."],
  [
    "65,537 characters",
    `name[]=${"a".repeat(65_530)}`,
    "The query is longer than 65536 characters.",
  ],
];

for (const [name, query, answer] of BROKEN) {
  test(`readPairs() rejects a query with ${name}`, () => {
    assert.throws(() => readPairs(query), QueryError);
  });

  test(`a scrape with ${name} gets 400 and the reason, and is not logged`, async () => {
    let runs = 0;
    const gatherer: Gatherer = {
      gather() {
        runs++;
        return { families: [] };
      },
    };
    const { log, scrape } = createScraper(gatherer);
    const { status, headers, body } = await scrape({ query });
    assert.equal(status, 400);
    assert.equal(headers["Content-Type"], "text/plain; charset=utf-8");
    assert.equal(body.toString(), `${answer}\n`);
    assert.deepEqual(log, []);
    assert.equal(runs, 0);
  });
}

test("readPairs() accepts a query of the maximum length", () => {
  assert.equal(readPairs(names(1_024)).length, 1_024);
  assert.equal(readPairs(`a=${"b".repeat(65_536 - 2)}`).length, 1);
});

test("quote() shows no control character of a client, and no more than 64 of its characters", () => {
  assert.equal(quote('a"\n\u001b[31m\u0000'), '"a\\"\\n\\u001b[31m\\u0000"');
  assert.equal(quote("a".repeat(64)), `"${"a".repeat(64)}"`);
  assert.equal(quote("a".repeat(65)), `"${"a".repeat(64)}…"`);
});

test("takeParams() returns what is declared and given", () => {
  const pairs = readPairs("b=2&x=9&a=1&constructor=3");
  const params = takeParams(pairs, ["a", "b", "c"]);
  assert.deepEqual({ ...params }, { a: "1", b: "2" });
  assert.deepEqual(Object.keys(params), ["a", "b"]);
  assert.ok(Object.isFrozen(params));
  assert.equal(params["toString"], undefined);
  assert.equal(takeParams(pairs, ["c"]), NO_PARAMS);
});

test("takeParams() takes a name that every object has for what it is", () => {
  const params = takeParams(readPairs("__proto__=1"), ["__proto__", "constructor"]);
  assert.deepEqual(Object.entries(params), [["__proto__", "1"]]);
  assert.equal(params["constructor"], undefined);
});

test("takeParams() rejects a declared parameter that is given twice, even with the same value", () => {
  const pairs = readPairs("a=1&a=1&b=1&b=2");
  const message = 'The parameter "a" is given more than once';
  assert.throws(() => takeParams(pairs, ["a"]), { message });
  assert.throws(() => takeParams(pairs, ["a"]), QueryError);
  assert.equal(takeParams(pairs, ["c"]), NO_PARAMS);
});

test("readSelection() returns equal keys exactly for scrapes that ask for the same", () => {
  const sources = { params: ["p", "q"], sourceNames: ["x", "y", "z"] };
  const key = (query: string): string => readSelection(query, sources).key;
  const classes: readonly (readonly string[])[] = [
    ["", "x=1", "collect[]=z&collect[]=x&collect[]=y", "collect=x"],
    ["name[]=a&name[]=b", "x=1&name%5B%5D=b&name[]=a&name[]=b"],
    ["name[]=a%2Cb"],
    ["name[]=a"],
    ["name[]="],
    ["p=1", "x=1&p=1"],
    ["q=1"],
    ["p="],
    ["p=1&q=2", "q=2&p=1"],
    ["p=2&q=1"],
    ["p=1&name[]=a", "name[]=a&p=1"],
    ["collect[]=x", "exclude[]=y&exclude[]=z", "collect[]=x&collect[]=x"],
    ["collect[]=x&collect[]=z", "exclude[]=y", "collect[]=z&collect[]=x"],
    ["exclude[]=x&exclude[]=y&exclude[]=z"],
    ["exclude[]=y&name[]=a"],
  ];
  for (const queries of classes) assert.equal(new Set(queries.map(key)).size, 1, queries[0]);
  assert.equal(new Set(classes.map(([query = ""]) => key(query))).size, classes.length);
});

test("readSelection() passes on no parameter that every path reads itself", () => {
  const { params, names } = readSelection("name[]=a&name[]=b", { params: ["name[]"] });
  assert.deepEqual([Object.keys(params), names], [[], ["a", "b"]]);
});

test("readSelection() returns the same object where everything is asked for", () => {
  const sources = { params: ["p"], sourceNames: ["x"] };
  for (const query of ["", "a=b&debug", "collect[]=x", "name=up"]) {
    assert.equal(readSelection(query, sources), EVERYTHING, query);
  }
});

const SOURCES: readonly (readonly [query: string, picked: readonly string[] | string])[] = [
  ["collect[]=cpu", ["cpu"]],
  ["collect[]=disk&collect[]=cpu&collect[]=disk", ["cpu", "disk"]],
  ["exclude[]=cpu", ["disk", "net"]],
  ["exclude[]=cpu&exclude[]=disk&exclude[]=net", []],
  ["collect[]=gpu", 'Unknown source "gpu"'],
  ["collect[]=cpu&collect[]=", 'Unknown source ""'],
  ["collect[]=CPU", 'Unknown source "CPU"'],
  ["exclude[]=gpu", 'Unknown source "gpu"'],
  ["collect[]=cpu&exclude[]=disk", "The query has both collect[] and exclude[]"],
];

for (const [query, picked] of SOURCES) {
  test(`readSelection() picks sources by "${query}"`, () => {
    const read = () => readSelection(query, { sourceNames: ["cpu", "disk", "net"] });
    if (typeof picked === "string") {
      assert.throws(read, { message: picked });
      assert.throws(read, QueryError);
    } else assert.deepEqual([...(read().pickedSources ?? [])], picked);
  });
}

test("readSelection() rejects collect[] and exclude[] where nobody can pick", () => {
  for (const query of ["collect[]=a", "exclude[]=a"]) {
    assert.throws(() => readSelection(query, { sourceNames: [] }), QueryError);
  }
  assert.equal(readSelection("a=b", { sourceNames: [] }), EVERYTHING);
});

test("readSelection() ignores collect[] and exclude[] where sources have no names", () => {
  assert.equal(readSelection("collect[]=a&exclude[]=b", {}), EVERYTHING);
});

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `name[]=n${index}`).join("&");
}
