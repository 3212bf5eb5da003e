import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { VERSION } from "../src/version.ts";

test("VERSION is that of package.json", () => {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  assert.equal(VERSION, JSON.parse(manifest).version);
});
