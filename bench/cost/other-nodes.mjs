import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The versions that `test/runtimes` installs, the oldest first. */
const INSTALLED = [22, 24, 26];

/** The program of a Node that is new enough: this one, or the oldest of `test/runtimes`, if any is there. */
export function nodeFor(oldest) {
  if (Number(process.versions.node.split(".")[0]) >= oldest) return process.execPath;
  return INSTALLED.filter((version) => version >= oldest)
    .map(programOf)
    .find((path) => existsSync(path));
}

function programOf(version) {
  const path = `../../test/runtimes/node_modules/node-${version}/bin/node`;
  return fileURLToPath(new URL(path, import.meta.url));
}
