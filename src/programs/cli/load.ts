import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { findClientLibraries, INSTALL_HINT, loadClientLibrary } from "../client-libraries.ts";
import { defaultSources } from "../default-sources.ts";
import { type Exporter, ExporterError, exporterOf } from "./exporter.ts";

/**
 * Loads an exporter.
 *
 * @param module The path of its module, or the name of a package that is installed.
 * @param folder What a path is relative to.
 * @throws {ExporterError} When there is no such module, or it exports no registry.
 * @throws What the module itself throws.
 */
export async function loadExporter(module: string, folder: string): Promise<Exporter> {
  return exporterOf(await import(pathToFileURL(pathOf(module, folder)).href));
}

/**
 * Makes an exporter of the metrics that the client libraries collect of this process.
 *
 * @param folder Where to look for client libraries.
 * @throws {ExporterError} When none is installed.
 */
export function ownExporter(folder: string): Exporter {
  const libraries = findClientLibraries(join(folder, "[promhttp]"));
  if (libraries.length === 0) {
    throw new ExporterError(`There is no client library in ${folder}. ${INSTALL_HINT}`);
  }
  return { source: defaultSources(libraries.map(loadClientLibrary), true) };
}

function pathOf(module: string, folder: string): string {
  const path = resolve(folder, module);
  if (existsSync(path)) return path;
  try {
    return createRequire(join(folder, "[promhttp]")).resolve(module);
  } catch {
    throw new ExporterError(`There is no module "${module}"`);
  }
}
