// TypeScript to JavaScript, once for each text. The result is kept by the hash of its source, so a
// stale one is never used; `npm ci` removes them all.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/typescript", import.meta.url));

const OPTIONS = {
  loader: "ts",
  target: "node20.19",
  sourcemap: "inline",
  sourcesContent: false,
};

/** Returns the JavaScript of a TypeScript file, with a source map. */
export function compile(path) {
  const { source, options, result } = plan(path);
  if (!existsSync(result)) keep(esbuild().transformSync(source, options).code, result);
  return readFileSync(result, "utf8");
}

/** Compiles files together, so that each process that loads them only reads the results. */
export async function compileAll(paths) {
  const missing = paths.map(plan).filter(({ result }) => !existsSync(result));
  await Promise.all(
    missing.map(async ({ source, options, result }) => {
      const { code } = await esbuild().transform(source, options);
      keep(code, result);
    }),
  );
}

function plan(path) {
  const source = readFileSync(path, "utf8");
  // The source map names its source relative to the path that the result is loaded under.
  const options = { ...OPTIONS, sourcefile: basename(path) };
  const hash = createHash("sha256").update(JSON.stringify(options)).update(source).digest("hex");
  return { source, options, result: join(CACHE, `${hash}.js`) };
}

/** Loaded when it is needed: most processes find everything compiled. */
function esbuild() {
  return createRequire(import.meta.url)("esbuild");
}

/** Another process that reads at the same time sees all of a result, or none. */
function keep(code, result) {
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${result}.${process.pid}`;
  writeFileSync(unfinished, code);
  renameSync(unfinished, result);
}
