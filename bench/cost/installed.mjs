import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** How many packages an installation of some packages has, theirs included, and their kilobytes. */
export function installed(names) {
  const folders = new Set();
  const add = (name, from) => {
    const folder = find(name, from);
    // An optional package may not be there.
    if (folder === undefined || folders.has(folder)) return;
    folders.add(folder);
    const { dependencies, optionalDependencies } = manifest(folder);
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
      add(needed, folder);
    }
  };
  for (const name of names) add(name, fileURLToPath(new URL(".", import.meta.url)));
  const bytes = [...folders].reduce((sum, folder) => sum + size(folder), 0);
  return { packages: folders.size, kb: bytes / 1_000 };
}

/** Where Node finds a package: in the nearest `node_modules` on the way up. */
function find(name, from) {
  const folder = join(from, "node_modules", name);
  if (existsSync(folder)) return folder;
  return dirname(from) === from ? undefined : find(name, dirname(from));
}

function manifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** What lies in the `node_modules` of a package is counted for itself. */
function size(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules")
    .map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? size(path) : statSync(path).size;
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}
