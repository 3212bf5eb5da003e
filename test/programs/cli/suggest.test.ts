import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestName } from "../../../src/programs/cli/suggest.ts";

const NAMES = ["listen", "level", "format", "path"];

const CASES: readonly (readonly [name: string, nearest: string | undefined])[] = [
  ["listen", "listen"],
  ["lsiten", "listen"],
  ["liten", "listen"],
  ["listenn", "listen"],
  ["lixten", "listen"],
  ["formt", "format"],
  ["pth", "path"],
  ["patt", "path"],
  ["ptha", undefined],
  ["pt", undefined],
  ["", undefined],
  ["nothing", undefined],
];

for (const [name, nearest] of CASES) {
  test(`nearestName() finds ${nearest ?? "nothing"} for "${name}"`, () => {
    assert.equal(nearestName(name, NAMES), nearest);
  });
}
