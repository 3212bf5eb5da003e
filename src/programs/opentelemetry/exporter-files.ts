import { join } from "node:path";
import { type InstalledPackage, installedPackages } from "../../exporter/installed-packages.ts";

/** A file that a program may import `PrometheusExporter` from. */
export interface ExporterFile {
  readonly path: string;
  /** The version of its package; `""` if there is none. */
  readonly version: string;
}

/** The package whose server is replaced. */
export const EXPORTER = "@opentelemetry/exporter-prometheus";

/**
 * Finds every file by which the modules at `starts` may come by the exporter. One folder often holds two
 * copies, because the SDK pins its packages. Since SDK 3 each copy is two files: `require()` and `import`
 * give different classes.
 *
 * @param starts The paths of modules, or their `file:` URLs; they need not exist.
 */
export function findExporterFiles(starts: readonly string[]): ExporterFile[] {
  const files = new Map<string, ExporterFile>();
  for (const found of installedPackages(EXPORTER, starts)) {
    const version = String(found.manifest["version"] ?? "");
    for (const path of formsOf(found)) files.set(path, { path, version });
  }
  return [...files.values()];
}

/** The file that `require()` loads, and the one of `import`. */
function formsOf({ main, folder, manifest }: InstalledPackage): string[] {
  const target = importTarget(Object(manifest["exports"])["."]);
  return target === undefined ? [main] : [main, join(folder, target)];
}

/** What `import` resolves to, of a package's `exports`; `require.resolve()` cannot be asked for it. */
function importTarget(conditions: unknown): string | undefined {
  if (typeof conditions === "string") return conditions;
  const found = Object.entries(Object(conditions)).find(([name]) => IMPORT_CONDITIONS.has(name));
  return found && importTarget(found[1]);
}

const IMPORT_CONDITIONS: ReadonlySet<string> = new Set([
  "node",
  "import",
  "module-sync",
  "default",
]);
