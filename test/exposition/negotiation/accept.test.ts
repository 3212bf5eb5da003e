import assert from "node:assert/strict";
import { test } from "node:test";
import { type MediaRange, parseAccept } from "../../../src/exposition/negotiation/accept.ts";

/** Writes ranges as short text: `type/subtype;param=value q specificity`. */
function show({ type, subtype, params, q, specificity }: MediaRange): string {
  const list = [...params].map(([name, value]) => `;${name}=${value}`).join("");
  return `${type}/${subtype}${list} ${q} ${specificity}`;
}

const CASES: readonly {
  readonly name: string;
  readonly header: string | undefined;
  readonly expected: readonly string[];
}[] = [
  { name: "returns nothing for an absent header", header: undefined, expected: [] },
  {
    name: "sorts by weight first",
    header: "a/a;x=1;q=0.5,*/*;q=0.6,b/b;q=0.7",
    expected: ["b/b 0.7 2", "*/* 0.6 0", "a/a;x=1 0.5 3"],
  },
  {
    name: "sorts equal weights by specificity",
    header: "*/*,text/*,text/plain,text/plain;format=flowed",
    expected: ["text/plain;format=flowed 1 3", "text/plain 1 2", "text/* 1 1", "*/* 1 0"],
  },
  {
    name: "keeps equals in header order",
    header: "b/b,a/a,c/c,d/d;y=1,e/e;x=1;z=1",
    expected: ["d/d;y=1 1 3", "e/e;x=1;z=1 1 3", "b/b 1 2", "a/a 1 2", "c/c 1 2"],
  },
  {
    name: "does not count a weight or a wildcard's parameters as specific",
    header: "a/*;x=1,*/*;x=1,a/b;q=1",
    expected: ["a/b 1 2", "a/*;x=1 1 1", "*/*;x=1 1 0"],
  },
  {
    name: "skips weight 0",
    header: "a/a;q=0,b/b;q=0.000,c/c;q=0.001",
    expected: ["c/c 0.001 2"],
  },
  {
    name: "takes an invalid weight as the lowest",
    header: "*/*;q=2,a/a;q=0.3",
    expected: ["a/a 0.3 2", "*/* 0.001 0"],
  },
  {
    name: "skips what has no type",
    header: "*,text,/,/plain,;q=1,a/b",
    expected: ["a/b 1 2"],
  },
  {
    name: "splits at the first slash",
    header: "a/b/c,d/",
    expected: ["a/b/c 1 2", "d/ 1 2"],
  },
];

for (const { name, header, expected } of CASES) {
  test(`parseAccept() ${name}`, () => {
    assert.deepEqual(parseAccept(header).map(show), expected);
  });
}
