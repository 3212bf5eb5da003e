// `npm run build`: src/ as it is published, in dist/.
//
// Each entry of package.json becomes one file; what is imported when it is first needed (OpenMetrics,
// protobuf, compression) becomes a chunk, and so does what several of them share. One file for each
// source file would cost 2.2 MB of memory and 25 ms more when it is loaded, and twice the size.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, transform } from "esbuild";
import { shakeDeclarations } from "./shake-declarations.mjs";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const DIST = `${ROOT}dist/`;
const TARGET = "node20.19";

const { exports, bin = {} } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));
const entries = Object.values({ ...exports, ...bin })
  .map((entry) => entry.default ?? entry)
  .flatMap((path) => /^(?:\.\/)?dist\/(.*)\.js$/.exec(path)?.[1] ?? []);

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
await Promise.all([bundle(), declare()]);

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: entries.map((name) => `${ROOT}src/${name}.ts`),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: TARGET,
    outdir: DIST,
    legalComments: "none",
    write: false,
    plugins: [shareTheEntry()],
    logOverride: { "ignored-bare-import": "silent" },
  });
  for (const { path, text } of outputFiles) {
    writeFileSync(path, await shorten(text));
  }
}

/**
 * Lets what is imported later import the entry too, which has been loaded long before. So all of the
 * entry is shared by the same chunks, and esbuild, which makes a chunk of what the same chunks
 * share, makes one of it: each file more would cost 0.4 ms when the entry is loaded.
 */
function shareTheEntry() {
  const setup = ({ onResolve, onLoad }) => {
    const later = new Set();
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind === "dynamic-import") later.add(resolve(resolveDir, path));
    });
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (!later.has(path)) return undefined;
      const contents = `${readFileSync(path, "utf8")}\nimport "${ROOT}src/index.ts";\n`;
      return { contents, loader: "ts" };
    });
  };
  return { name: "share-the-entry", setup };
}

/**
 * Removes white space and shortens the names of variables. Functions, classes and methods keep
 * theirs, because they show in stack traces: what is at the top level of a script, and not of a
 * module, might be used by other scripts, so esbuild does not rename it.
 */
async function shorten(module) {
  const imports = [];
  const exported = [];
  const moveTo = (list) => (statement) => {
    list.push(statement.replace(/\n */g, ""));
    return "";
  };
  let script = module
    .replace(/^#!.*\n/, moveTo(imports))
    .replace(/^import [^;]*;\n/gm, moveTo(imports))
    .replace(/^export \{[^}]*\};\n/gm, moveTo(exported));
  // A class that names itself gets a second name, inside, which would be shortened.
  for (const [start, name] of script.matchAll(/^var (\w+) = class _\1 /gm)) {
    script = script.replace(start, `class ${name} `);
    script = script.replace(new RegExp(`\\b_${name}\\b`, "g"), name);
  }
  const { code } = await transform(script, { minify: true, lineLimit: 120, target: TARGET });
  return [...imports, code.trimEnd(), ...exported, ""].join("\n");
}

async function declare() {
  const tsc = `${ROOT}node_modules/typescript/bin/tsc`;
  try {
    await promisify(execFile)(process.execPath, [tsc, "-p", `${ROOT}tsconfig.build.json`]);
  } catch ({ stdout, stderr }) {
    process.stderr.write(stdout + stderr);
    process.exit(1);
  }
  shakeDeclarations(entries.map((name) => `${DIST}${name}.d.ts`));
}
