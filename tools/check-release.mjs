// `npm publish` runs this first: it fails when the package is not ready to be published.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const { version, repository } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));
const changelog = readFileSync(`${ROOT}CHANGELOG.md`, "utf8");

const faults = [];
// npm compares it with the repository that the workflow ran in, and refuses the provenance otherwise.
if (repository === undefined) faults.push("package.json has no repository");
if (!changelog.includes(`\n## ${version} / ${new Date().toISOString().slice(0, 10)}\n`)) {
  faults.push(`CHANGELOG.md has no entry for ${version} with the date of today`);
}
for (const fault of faults) console.error(`Cannot publish: ${fault}`);
if (faults.length > 0) process.exitCode = 1;
