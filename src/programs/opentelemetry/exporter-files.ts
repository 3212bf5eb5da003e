import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A file that a program may import `PrometheusExporter` from. */
export interface ExporterFile {
  readonly path: string;
  /** The version of its package; `""` if there is none. */
  readonly version: string;
}

/** The package whose server is replaced. */
export const EXPORTER = "@opentelemetry/exporter-prometheus";

const SDK = "@opentelemetry/sdk-node";

/** How an application comes by the exporter. With pnpm it can import only its own dependencies. */
const ROUTES: readonly (readonly string[])[] = [
  [EXPORTER],
  [SDK, EXPORTER],
  ["@opentelemetry/auto-instrumentations-node", SDK, EXPORTER],
];

/**
 * Finds every file by which the modules at `starts` may come by the exporter. One folder often holds two
 * copies, because the SDK pins its packages. Since SDK 3 each copy is two files: `require()` and `import`
 * give different classes.
 *
 * @param starts The paths of modules, or their `file:` URLs; they need not exist.
 */
export function findExporterFiles(starts: readonly string[]): ExporterFile[] {
  const files = new Map<string, ExporterFile>();
  for (const start of starts) {
    for (const route of ROUTES) {
      const path = follow(start, route);
      if (path === undefined || files.has(path)) continue;
      for (const file of formsOf(path)) files.set(file.path, file);
    }
  }
  return [...files.values()];
}

/** Resolves the first package from a module, and each further one from the one before. */
function follow(start: string, route: readonly string[]): string | undefined {
  try {
    return route.reduce((from, name) => createRequire(from).resolve(name), start);
  } catch {
    return undefined;
  }
}

/** The file that `require()` gives, and the one of `import` if it is another. */
function formsOf(path: string): ExporterFile[] {
  const { folder, manifest } = packageOf(path);
  const version = String(manifest["version"] ?? "");
  const target = importTarget(Object(manifest["exports"])["."]);
  const paths = target === undefined ? [path] : [path, join(folder, target)];
  return [...new Set(paths)].map((each) => ({ path: each, version }));
}

/** What `import` resolves to, of a package's `exports`; `require.resolve()` cannot be asked for it. */
function importTarget(conditions: unknown): string | undefined {
  if (typeof conditions === "string") return conditions;
  if (typeof conditions !== "object" || conditions === null) return undefined;
  const found = Object.entries(conditions).find(([name]) => IMPORT_CONDITIONS.has(name));
  return importTarget(found?.[1]);
}

const IMPORT_CONDITIONS: ReadonlySet<string> = new Set([
  "node",
  "import",
  "module-sync",
  "default",
]);

/** The package that a file belongs to. SDK 3 does not export its package.json. */
function packageOf(path: string): { folder: string; manifest: Readonly<Record<string, unknown>> } {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (manifest.name === EXPORTER) return { folder, manifest };
    } catch {
      // Most folders have none.
    }
    if (dirname(folder) === folder) return { folder, manifest: {} };
  }
}
