// `node tools/testing/run.mjs [flags of Node] [files or folders]` runs tests and prints a summary.
// Without files and folders it runs all tests except LANES, and checks their coverage.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAll } from "../typescript/compile.mjs";
import { checkCoverage } from "./coverage.mjs";

/** Folders whose tests run only when they are named. */
const LANES = ["e2e", "fault", "long", "runtimes"].map((name) => join("test", name));

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
  const child = spawn(process.execPath, [...nodeFlags, ...tests], { env, stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code ?? 1;
}
