import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Removes from a folder of declarations, as tsc writes them, what the entries do not need.
 *
 * @param {readonly string[]} entries The files that are kept whole, all in the folder itself.
 */
export function shakeDeclarations(entries) {
  const modules = new Map();
  const moduleOf = (path) => {
    if (!modules.has(path)) modules.set(path, parse(path));
    return modules.get(path);
  };

  /** Keeps a name of a module, and whatever its declaration names. */
  const keep = (path, name) => {
    const { kept, statements, imports } = moduleOf(path);
    if (kept.has(name)) return;
    kept.add(name);
    const source = imports.get(name);
    if (source?.path !== undefined) keep(source.path, source.name);
    const used = statements.filter((statement) => statement.name === name);
    for (const { code } of used) {
      for (const [word] of code.matchAll(/[\w$]+/g)) {
        if (imports.has(word) || statements.some((other) => other.name === word)) keep(path, word);
      }
    }
  };

  for (const entry of entries) {
    const { statements, imports } = moduleOf(entry);
    for (const name of [...imports.keys(), ...statements.map((one) => one.name)]) keep(entry, name);
  }
  const folder = dirname(entries[0]);
  for (const file of readdirSync(folder, { recursive: true })) {
    const path = resolve(folder, file);
    if (!path.endsWith(".d.ts") || entries.includes(path)) continue;
    if (modules.has(path)) writeFileSync(path, print(modules.get(path)));
    else rmSync(path);
  }
}

const IMPORT = /^(?:import|export)(?: type)? \{(?<names>[^}]*)\} from "(?<from>[^"]*)";/;
const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|function|const|type|interface) (?<name>[\w$]+)/;
const COMMENT = /\/\*\*[\s\S]*?\*\//g;

/** Tells the statements of a file apart: tsc begins each, and nothing else, at the left margin. */
function parse(path) {
  const imports = new Map();
  const statements = [];
  let comment = "";
  const source = readFileSync(path, "utf8").replace(/^#!.*\n/, "");
  for (const text of source.split(/^(?=[a-z]|\/\*\*)/m)) {
    if (text.startsWith("/**")) {
      comment = text;
      continue;
    }
    const { names, from } = IMPORT.exec(text)?.groups ?? {};
    if (from !== undefined) {
      for (const specifier of names.split(",").map((part) => part.trim().replace(/^type /, ""))) {
        const [name, local = name] = specifier.split(" as ");
        const isOurs = from.startsWith(".");
        const file = isOurs ? resolve(dirname(path), from.replace(/\.ts$/, ".d.ts")) : undefined;
        if (name !== "") imports.set(local, { path: file, name, specifier, from });
      }
    } else if (text.trim() !== "export {};") {
      const { name } = DECLARATION.exec(text)?.groups ?? {};
      if (name === undefined) throw new Error(`Not understood in ${path}: ${text}`);
      statements.push({ name, text: comment + text, code: text.replace(COMMENT, "") });
    }
    comment = "";
  }
  return { imports, statements, kept: new Set() };
}

function print({ imports, statements, kept }) {
  const lines = [...imports]
    .filter(([local]) => kept.has(local))
    .map(([, { specifier, from }]) => `import type { ${specifier} } from "${from}";\n`);
  const declarations = statements.filter(({ name }) => kept.has(name)).map(({ text }) => text);
  // What is not exported stays so only in a module that says what is.
  return [...lines, ...declarations, "export {};\n"].join("").replace(/^( {4})+/gm, indent);
}

const indent = (spaces) => "\t".repeat(spaces.length / 4);
