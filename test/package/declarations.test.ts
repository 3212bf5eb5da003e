import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { packedFiles } from "../helpers/packed-files.ts";

const ROOT = new URL("../../", import.meta.url);
const { exports, typesVersions } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
const entries: readonly string[] = Object.values<{ types?: string }>(exports).flatMap(
  ({ types }) => (types === undefined ? [] : [posix.normalize(types)]),
);

const published = (await packedFiles()).filter((path) => path.endsWith(".d.ts"));

function importsOf(path: string): string[] {
  const code = readFileSync(new URL(path, ROOT), "utf8");
  const specifiers = code.matchAll(/^(?:import|export)\b.* from "(.+)"|\bimport\("(.+?)"\)/gm);
  return [...specifiers].map(([, from, imported]) => from ?? imported ?? "");
}

function reachableFrom(paths: readonly string[]): Set<string> {
  const reached = new Set(paths);
  for (const path of reached) {
    for (const specifier of importsOf(path).filter((name) => name.startsWith("."))) {
      reached.add(posix.join(posix.dirname(path), specifier.replace(/\.ts$/, ".d.ts")));
    }
  }
  return reached;
}

test("the package publishes the declarations that its entries reach, and no others", () => {
  assert.deepEqual(published.toSorted(), [...reachableFrom(entries)].sort());
});

test("a compiler that does not read exports finds the declarations of each entry", () => {
  const paths = Object.entries<{ types?: string }>(exports).flatMap(([name, { types }]) =>
    types === undefined || name === "." ? [] : [[name.replace("./", ""), [types]]],
  );
  assert.deepEqual(typesVersions, { "*": Object.fromEntries(paths) });
});

test("the declarations are about two dozen files", () => {
  assert.ok(published.length <= 25, published.join(" "));
});

test("the declarations import only each other and modules of Node", () => {
  const foreign = published.flatMap(importsOf).filter((name) => !/^(?:\.|node:)/.test(name));
  assert.deepEqual(foreign, []);
});

test("the declarations do not contain our own helpers", () => {
  for (const path of published) {
    const code = readFileSync(new URL(path, ROOT), "utf8");
    assert.doesNotMatch(code, /@internal/, path);
    const functions = [...code.matchAll(/^export declare function (\w+)/gm)].map(
      ([, name]) => name,
    );
    assert.ok(
      functions.every((name) => /^(?:createHandler|gathererOf|render)$/.test(name ?? "")),
      path,
    );
  }
});

test("the application that the compilers compile uses every export", () => {
  const index = readFileSync(new URL("dist/index.d.ts", ROOT), "utf8");
  const application = new URL("consumer/every-export.ts", import.meta.url);
  const [, imported = ""] =
    /import \{([^}]*)\} from "promhttp"/.exec(readFileSync(application, "utf8")) ?? [];
  const namesIn = (list: string) => list.match(/\w+/g)?.filter((word) => word !== "type") ?? [];
  const exported = [...index.matchAll(/^export (?:type )?\{([^}]*)\}/gm)];
  assert.deepEqual(
    namesIn(imported).sort(),
    exported.flatMap(([, list = ""]) => namesIn(list)).sort(),
  );
});
