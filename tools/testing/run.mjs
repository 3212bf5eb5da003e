// `node tools/testing/run.mjs [flags of Node] [files or folders]` runs tests and prints a summary.
// Without files and folders it runs all tests except LANES, and checks their coverage.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, normalize, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileAll } from "../typescript/compile.mjs";
import { checkCoverage } from "./coverage.mjs";

/** Folders whose tests run only when they are named. */
const LANES = ["e2e", "fault", "frameworks", "long", "opentelemetry", "runtimes"].map((name) =>
  join("test", name),
);

/**
 * Folders whose tests touch nothing outside their process, and leave nothing behind in it: those of a
 * folder run in one process, because a process of its own costs each file 0.2 s.
 */
const SHARED = [
  "exposition/kept",
  "exposition/negotiation",
  "exposition/protobuf",
  "exposition/text",
  "gatherers",
  "judge",
  "model",
  "options",
  "page",
].map((name) => join("test", name, sep));

/** Where the files lie that import all tests of a shared process. */
const PROCESSES = join("node_modules", ".cache", "tests");

/** What V8 has counted in each process. */
const COUNTS = join("coverage", "tmp");

process.chdir(fileURLToPath(new URL("../../", import.meta.url)));
const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith("-"));
const paths = args.filter((arg) => !arg.startsWith("-"));
const isWhole = paths.length === 0;
const found = isWhole ? filesIn("test", LANES) : paths.flatMap((path) => filesIn(path));
const tests = found.filter((file) => file.endsWith(".test.ts"));
// Without a file, Node would look for tests itself.
if (tests.length === 0) throw new Error(`Cannot find a test in ${paths.join(" ")}`);

await compileAll([...filesIn("src"), ...filesIn("test")].filter((file) => file.endsWith(".ts")));
process.exitCode = await runTests();
if (isWhole && process.exitCode === 0) process.exitCode = (await checkCoverage(COUNTS)) ? 0 : 1;

/** Lists the files at or below a path. */
function filesIn(path, excluded = []) {
  if (statSync(path).isFile()) return [normalize(path)];
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules" && !excluded.includes(join(path, name)))
    .flatMap((entry) => filesIn(join(path, entry.name), excluded));
}

/** Lists what each process runs: a file, or one that imports the files of a shared folder. */
function processesOf(files) {
  mkdirSync(PROCESSES, { recursive: true });
  const shared = SHARED.flatMap((folder) => {
    const imports = files
      .filter((file) => file.startsWith(folder))
      .map((file) => `import ${JSON.stringify(pathToFileURL(resolve(file)).href)};\n`);
    if (imports.length < 2) return [];
    const path = join(PROCESSES, `${folder.split(sep).join("-")}tests.mjs`);
    writeFileSync(path, imports.join(""));
    return [{ folder, path }];
  });
  const alone = files.filter((file) => !shared.some(({ folder }) => file.startsWith(folder)));
  return [...alone, ...shared.map(({ path }) => path)];
}

/** Runs the tests, and returns the exit status. */
async function runTests() {
  rmSync(COUNTS, { recursive: true, force: true });
  // A test runner that finds itself in a test does nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  if (isWhole) env.NODE_V8_COVERAGE = COUNTS;
  const nodeFlags = [
    "--import",
    new URL("../typescript/register.mjs", import.meta.url).href,
    "--test",
    `--test-concurrency=${availableParallelism()}`,
    `--test-reporter=${new URL("reporter.mjs", import.meta.url).href}`,
    ...flags,
  ];
  const child = spawn(process.execPath, [...nodeFlags, ...processesOf(tests)], {
    env,
    stdio: "inherit",
  });
  const [code] = await once(child, "exit");
  return code ?? 1;
}
