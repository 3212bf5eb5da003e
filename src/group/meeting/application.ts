/** Which application a process runs: the same for all of its processes, and after it was moved. */
import { nodeModule } from "../../node.ts";

/** An application. */
export interface Application {
  /** The name of its package; `""` without one. */
  readonly package: string;
  /** Its package, and the script in it or the name that pm2 gave it. */
  readonly name: string;
}

/** What a process says about the application that it runs. */
export interface ApplicationFacts {
  readonly script: string | undefined;
  /** The working directory, which stands for a script where there is none, and where that is a tool. */
  readonly folder: string;
  readonly pm2Name: string | undefined;
}

/**
 * Finds out which application a process runs.
 *
 * Where the package lies is not asked: during a rolling deployment, the old and the new release are in
 * different folders. A tool such as `next start` runs the application of its working folder.
 */
export function applicationOf({ script, folder, pm2Name }: ApplicationFacts): Application {
  const { relative } = nodeModule("node:path");
  const start = script ?? folder;
  const isTool = IN_PACKAGES.test(start);
  const home = nearestPackage(isTool ? folder : start);
  const name = home?.name ?? "";
  // Unless it is told otherwise, pm2 calls every `index.js` the same.
  if (pm2Name !== undefined) return { package: name, name: `pm2:${pm2Name}:${name}` };
  const owner = isTool ? nearestPackage(start) : home;
  const path = owner ? `${owner.name}:${relative(owner.folder, start)}` : `path:${start}`;
  return { package: name, name: isTool ? `${name || folder}:${path}` : path };
}

/** A folder in which packages are installed. */
const IN_PACKAGES = /[\\/]node_modules[\\/]/;

/** Longer files are not read: the process waits for it. */
const MAX_PACKAGE_BYTES = 1_024 * 1_024;

/** The nearest package that has a name; a build puts one that has none beside its output. */
function nearestPackage(start: string): { folder: string; name: string } | undefined {
  const { readFileSync, statSync } = nodeModule("node:fs");
  const { dirname, join } = nodeModule("node:path");
  // A script may be a folder.
  for (let folder = start; ; folder = dirname(folder)) {
    try {
      const file = join(folder, "package.json");
      if (statSync(file).size <= MAX_PACKAGE_BYTES) {
        const { name } = Object(JSON.parse(readFileSync(file, "utf8")));
        if (typeof name === "string" && name !== "") return { folder, name };
      }
    } catch {
      // The next one may be better.
    }
    if (folder === dirname(folder)) return undefined;
  }
}
