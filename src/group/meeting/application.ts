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
  /** The working directory, which stands for a script where there is none. */
  readonly folder: string;
  readonly pm2Name: string | undefined;
}

/**
 * Finds out which application a process runs.
 *
 * Where the package lies is not asked: during a rolling deployment, the old and the new release are in
 * different folders.
 */
export function applicationOf({ script, folder, pm2Name }: ApplicationFacts): Application {
  const start = script ?? folder;
  const found = nearestPackage(start);
  if (pm2Name !== undefined) {
    const name = found?.name ?? "";
    // Unless it is told otherwise, pm2 calls every `index.js` the same.
    return { package: name, name: `pm2:${pm2Name}:${name}` };
  }
  if (found === undefined) return { package: "", name: `path:${start}` };
  const { relative } = nodeModule("node:path");
  return { package: found.name, name: `${found.name}:${relative(found.folder, start)}` };
}

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
