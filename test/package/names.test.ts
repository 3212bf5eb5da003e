import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type * as promhttp from "../../src/index.ts";
import type { LogFields } from "../../src/index.ts";

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));
const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

const source = read(SRC, ".ts");
// The libraries in a folder of their own are not ours.
const built = read(DIST, ".js", /^libraries\b/);

function read(folder: string, extension: string, except: RegExp = /\.d\.ts$/): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(extension) && !except.test(file))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
}

function namesIn(code: string): Set<string> {
  return new Set([...code.matchAll(/\b(?:function\*?|class) (\w+)/g)].map(([, name = ""]) => name));
}

test("functions and classes keep their names in the built package", () => {
  const names = namesIn(source);
  // esbuild numbers functions of the same name that come into one file: `show2`.
  const isKept = (name: string) => names.has(name) || names.has(name.replace(/\d+$/, ""));
  const found = [...namesIn(built)].filter((name) => name !== "extends");
  assert.ok(found.length > 200, `only ${found.length} names`);
  assert.deepEqual(
    found.filter((name) => !isKept(name)),
    [],
  );
});

test("a class of the built package is called what it is exported as", async () => {
  const { MetricsError, ListenError, Server } = await importBuilt();
  assert.deepEqual(
    [MetricsError, ListenError, Server].map(({ name }) => name),
    ["MetricsError", "ListenError", "Server"],
  );
});

test("the stack trace of a collector that throws names our functions", async () => {
  const { createHandler } = await importBuilt();
  const messages: string[] = [];
  const logger = {
    error: (_: string, { err }: LogFields = {}) => messages.push(String((err as Error).stack)),
    warn: () => {},
  };
  const gatherer = {
    gather() {
      throw new Error("no connection to the database");
    },
  };
  const handler = createHandler(gatherer, { logger });
  const { status } = await handler.fetch(new Request("http://localhost/metrics"));
  assert.equal(status, 500);

  const frames = messages
    .join("\n")
    .matchAll(/ at (?:async |new )?(?:\w+\.)?#?(\w+) \(.*\/dist\//g);
  const names = [...frames].map(([, name = ""]) => name);
  assert.ok(names.length > 5, messages.join("\n"));
  for (const name of names) assert.match(source, new RegExp(`\\b${name}\\b`));
});

function importBuilt(): Promise<typeof promhttp> {
  return import(new URL("index.js", `file://${DIST}`).href);
}
