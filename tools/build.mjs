// `npm run build`: makes dist/ of src/.
//
// Each entry of package.json becomes one file. What is imported on first use (OpenMetrics, protobuf,
// compression) becomes a chunk, and so does what several of them share: one file for each source file
// would cost 2.2 MB of memory and 25 ms more to load. White space goes; every name that shows in stack
// traces stays. Each file of src/libraries/ becomes a file of dist/libraries/, and there names go, too: the
// code is not ours. tsc writes all declarations; `files` in package.json names those that are published.
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, transform } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const DIST = `${ROOT}dist/`;
const TARGET = "node20.19";

/** The entries that are loaded beside `index.ts`. */
const FURTHER_ENTRIES = [`${ROOT}src/opentelemetry.ts`, `${ROOT}src/thread.ts`];

/** What nobody imports: the server starts a thread with it. `server/thread/thread-file.ts` says why it is called so. */
const THREAD = "thread";
const THREAD_OUT = "promhttp-thread";

const LIBRARIES = readdirSync(`${ROOT}src/libraries`);

const { exports, bin = {} } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));
const entries = Object.values({ ...exports, ...bin })
  .map((entry) => entry.default ?? entry)
  .flatMap((path) => /^(?:\.\/)?dist\/(.*)\.js$/.exec(path)?.[1] ?? [])
  .concat(THREAD);

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
await Promise.all([bundle(), bundleLibraries(), declare()]);

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: entries.map((name) => ({
      in: `${ROOT}src/${name}.ts`,
      out: name === THREAD ? THREAD_OUT : name,
    })),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: TARGET,
    outdir: DIST,
    legalComments: "none",
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 500,
    write: false,
    plugins: [evaluateScripts(), leaveLibraries(), shareTheEntry()],
    logOverride: { "ignored-bare-import": "silent" },
  });
  for (const { path, text } of outputFiles)
    writeFileSync(path, keepMagicComment(keepClassNames(text)));
}

function bundleLibraries() {
  return build({
    entryPoints: LIBRARIES.map((name) => `${ROOT}src/libraries/${name}`),
    bundle: true,
    format: "esm",
    // Not "node", for which `yaml` has CommonJS: that calls `require`, and keeps what is not used.
    platform: "neutral",
    target: TARGET,
    outdir: `${DIST}libraries`,
    legalComments: "none",
    minify: true,
    plugins: [embedBcrypt()],
  });
}

/** Lets our code import the libraries from files of their own. */
function leaveLibraries() {
  const setup = ({ onResolve }) => {
    onResolve({ filter: /\/libraries\/[\w-]+\.ts$/ }, ({ path }) => ({
      path: `./libraries/${basename(path, ".ts")}.js`,
      external: true,
    }));
  };
  return { name: "leave-libraries", setup };
}

/** Puts the text of bcryptjs, minified, in place of the code that reads it. */
function embedBcrypt() {
  const setup = ({ onLoad }) => {
    onLoad({ filter: /\/libraries\/bcryptjs\.ts$/ }, async () => {
      const { outputFiles } = await build({
        stdin: { contents: `export { compareSync } from "bcryptjs";`, resolveDir: ROOT },
        bundle: true,
        format: "cjs",
        platform: "node",
        target: TARGET,
        legalComments: "none",
        minify: true,
        write: false,
      });
      const contents = `export const BCRYPT_SOURCE = ${JSON.stringify(outputFiles[0].text)};`;
      return { contents, loader: "js" };
    });
  };
  return { name: "embed-bcrypt", setup };
}

/** Undoes esbuild's `var Server = class _Server`, which would be `new _Server` in a stack trace. */
function keepClassNames(code) {
  const names = [...code.matchAll(/\b(\w+)=class _\1\b/g)].map(([, name]) => name);
  return names.reduce(
    (result, name) => result.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name),
    code,
  );
}

/** Puts the comment back for which `server/thread/thread-file.ts` says the reason: esbuild leaves none inside a call. */
function keepMagicComment(code) {
  return code.replace(
    `new URL("./${THREAD_OUT}.js"`,
    `new URL(/*webpackIgnore:true*/"./${THREAD_OUT}.js"`,
  );
}

/**
 * Makes each module that is imported on first use import the entry too, which has been loaded long
 * before, and each further entry as well. esbuild puts code that the same chunks share into one chunk, so
 * all of the entry becomes one: each further file would cost 0.4 ms when the entry is loaded.
 */
function shareTheEntry() {
  const setup = ({ onLoad }) => {
    const later = new Set([...FURTHER_ENTRIES, ...dynamicImports()]);
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      // All that is built lies in one folder, and so does what sources look for there.
      const source = readFileSync(path, "utf8").replace("../../../dist/", "./");
      const code = shortenFields(source);
      const shared = later.has(path) ? `\nimport "${ROOT}src/index.ts";\n` : "";
      return { contents: code + shared, loader: "ts" };
    });
  };
  return { name: "share-the-entry", setup };
}

/**
 * Shortens the names of private fields, which no stack trace shows. esbuild fails for one that is used and
 * not declared, so none can be forgotten.
 */
function shortenFields(code) {
  const declared = code.matchAll(/^ +(?:static )?(?:readonly )?#(\w+)\??(?=:| =|;)/gm);
  const fields = [...new Set(Array.from(declared, ([, name]) => name))];
  return fields.reduce(
    (result, name, index) =>
      result.replaceAll(
        new RegExp(`(^ +(?:static )?(?:readonly )?|\\.)#${name}\\b`, "gm"),
        `$1#_${index.toString(36)}`,
      ),
    code,
  );
}

/** The files that something imports on first use. */
function dynamicImports() {
  const files = readdirSync(`${ROOT}src`, { recursive: true }).filter((file) => /\.ts$/.test(file));
  return files.flatMap((file) => {
    const path = `${ROOT}src/${file}`;
    const found = readFileSync(path, "utf8").matchAll(/\bimport\("(\.[^"]*)"\)/g);
    return Array.from(found, ([, imported]) => resolve(dirname(path), imported));
  });
}

/**
 * Puts the texts of the page's scripts, minified, in place of the code that makes them. The tools of an
 * application may rewrite our code, but not a text.
 */
function evaluateScripts() {
  const setup = ({ onLoad }) => {
    onLoad({ filter: /\/page\/browser\/scripts\.ts$/ }, async ({ path }) => {
      const options = { bundle: true, format: "esm", target: TARGET, write: false };
      const { outputFiles } = await build({ entryPoints: [path], ...options });
      const encoded = Buffer.from(outputFiles[0].contents).toString("base64");
      const scripts = Object.entries(await import(`data:text/javascript;base64,${encoded}`));
      const minified = scripts.map(async ([name, script]) => {
        const { code } = await transform(script, { minify: true, target: "es2022" });
        return `export const ${name} = ${JSON.stringify(code)};\n`;
      });
      return { contents: (await Promise.all(minified)).join(""), loader: "js" };
    });
  };
  return { name: "evaluate-scripts", setup };
}

async function declare() {
  const tsc = `${ROOT}node_modules/typescript/bin/tsc`;
  try {
    await promisify(execFile)(process.execPath, [tsc, "-p", `${ROOT}tsconfig.build.json`]);
  } catch ({ stdout, stderr }) {
    process.stderr.write(stdout + stderr);
    process.exit(1);
  }
}
