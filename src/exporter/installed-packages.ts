import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A copy of a package. */
export interface InstalledPackage {
  /** The file that `require()` loads. */
  readonly main: string;
  readonly folder: string;
  /** What its package.json says; nothing for a package of another name. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

const SDK_NODE = "@opentelemetry/sdk-node";

/** What brings other packages of OpenTelemetry; pnpm lets a package resolve only what it depends on itself. */
const BRINGERS: readonly (readonly string[])[] = [
  [],
  [SDK_NODE],
  ["@opentelemetry/auto-instrumentations-node", SDK_NODE],
];

/**
 * Finds the copies of a package of OpenTelemetry that the modules at `starts` may come by, the nearest first.
 * It loads nothing and never throws.
 *
 * @param starts The paths of modules, or their `file:` URLs; they need not exist.
 */
export function* installedPackages(
  name: string,
  starts: readonly string[],
): Generator<InstalledPackage> {
  for (const start of starts) {
    for (const bringers of BRINGERS) {
      const main = follow(start, [...bringers, name]);
      if (main !== undefined) yield { main, ...packageAbove(main, name) };
    }
  }
}

/** Resolves the first package from a module, and each further one from the one before. */
function follow(start: string, names: readonly string[]): string | undefined {
  try {
    return names.reduce((from, name) => createRequire(from).resolve(name), start);
  } catch {
    return undefined;
  }
}

/** SDK 3 does not export its package.json, so the one above its main file is read. */
function packageAbove(file: string, name: string): Pick<InstalledPackage, "folder" | "manifest"> {
  const folder = dirname(file);
  if (folder === file) return { folder, manifest: {} };
  const manifest = readManifest(folder);
  return manifest["name"] === name ? { folder, manifest } : packageAbove(folder, name);
}

function readManifest(folder: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  } catch {
    return {};
  }
}
