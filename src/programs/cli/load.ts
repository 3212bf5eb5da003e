import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Sources } from "../../index.ts";
import { readAddress } from "../../options/parse-address.ts";
import {
  defaultSources,
  findClientLibraries,
  INSTALL_HINT,
  loadClientLibrary,
} from "../client-libraries.ts";
import type { ExporterFlags } from "../exporter.ts";
import { ExporterError } from "./exit.ts";
import { type Exports, exporterOf, flagsOf, type ServedExporter } from "./exporter.ts";
import { type Environment, readFlags } from "./flags/read-flags.ts";
import { nearestName } from "./suggest.ts";

/** An exporter whose sources are known. */
export type LoadedExporter = ServedExporter & { readonly source: Sources };

/** A module on a command line. */
export interface ModuleCall {
  /** The path of the module, or the name of an installed package. */
  readonly module: string;
  /** The folder that a path is relative to. */
  readonly folder: string;
  /** The flags behind the module. */
  readonly args: readonly string[];
  readonly env: Environment;
}

/**
 * Loads an exporter. Its functions are called with the values of its flags.
 *
 * @throws {UsageError} For flags that are wrong, or that it does not have.
 * @throws {ExporterError} When there is no such module, when it exports nothing to serve, and for TypeScript in a
 *   version of Node that does not strip types.
 * @throws Any error that the module itself throws.
 */
export function loadExporter({ module, folder, args, env }: ModuleCall): Promise<LoadedExporter> {
  return withModule(module, folder, async (namespace, path) => {
    const values = readFlags(flagsOf(namespace), args, env);
    const exporter = await exporterOf(namespace, values);
    return { ...exporter, source: exporter.source ?? ownSources(path) ?? NO_METRICS };
  });
}

/**
 * Loads a module only for the flags that it declares.
 *
 * @throws As `loadExporter()`, except for what it does not look at.
 */
export function loadFlags({
  module,
  folder,
}: Pick<ModuleCall, "module" | "folder">): Promise<ExporterFlags> {
  return withModule(module, folder, async (namespace) => flagsOf(namespace));
}

async function withModule<T>(
  module: string,
  folder: string,
  use: (namespace: Exports, path: string) => Promise<T>,
): Promise<T> {
  const path = pathOf(module, folder);
  try {
    return await use(await import(pathToFileURL(path).href), path);
  } catch (error) {
    throw typeScriptError(error, module) ?? error;
  }
}

/** What is served beside probes where the module exports no registry and no client library is installed. */
const NO_METRICS: Sources = { gather: () => ({ families: [] }) };

/**
 * Makes an exporter of the metrics that client libraries collect in this process.
 *
 * @param folder The folder in which to look for client libraries.
 * @throws {ExporterError} When none is installed.
 */
export function ownExporter(folder: string): LoadedExporter {
  const source = ownSources(join(folder, "[promhttp]"));
  if (source !== undefined) return { source, paths: undefined };
  throw new ExporterError(`Cannot find a client library in ${folder}. ${INSTALL_HINT}`);
}

/** The metrics of this process, by the libraries that a module would import; `undefined` if there are none. */
function ownSources(file: string): Sources | undefined {
  const libraries = findClientLibraries(file);
  if (libraries.length === 0) return undefined;
  return defaultSources(libraries.map(loadClientLibrary), true);
}

/** The error for a TypeScript module that this version of Node cannot load. */
function typeScriptError(error: unknown, module: string): ExporterError | undefined {
  const { code, message = "" } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  if (code !== "ERR_UNKNOWN_FILE_EXTENSION") return undefined;
  const [, extension, file] = /"(\.[cm]?tsx?)" for (.*)$/.exec(message) ?? [];
  if (extension === undefined) return undefined;
  // No version of Node compiles JSX.
  const version = extension === ".tsx" ? "" : "Node.js 22.18 or later, or ";
  return new ExporterError(
    `Cannot load "${file}": Node.js ${process.version} does not load ${extension} files. ` +
      `Use ${version}a loader: NODE_OPTIONS="--import tsx" npx promhttp ${module}`,
  );
}

function pathOf(module: string, folder: string): string {
  const path = resolve(folder, module);
  const kind = kindOf(path);
  if (kind === "file") return path;
  const require = createRequire(join(folder, "[promhttp]"));
  for (const name of kind === "folder" ? [path, module] : [module]) {
    try {
      const file = require.resolve(name);
      // A module of Node, such as "process", exports no registry. A file without its extension was meant.
      if (isAbsolute(file)) return file;
    } catch {
      // There may be another one.
    }
  }
  throw new ExporterError(`Cannot find module "${module}"${adviceFor(module, folder)}`);
}

function kindOf(path: string): "file" | "folder" | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? "folder" : "file";
}

/** What to try instead of a module that does not exist. */
function adviceFor(module: string, folder: string): string {
  if (module === "init") return ". Did you mean --init?";
  if (readAddress(module) !== undefined) return `. Did you mean --web.listen-address=${module}?`;
  const path = resolve(folder, module);
  const file =
    kindOf(path) === "folder"
      ? similarFile(path, "index")
      : similarFile(dirname(path), basename(path));
  if (file !== undefined) return `. Did you mean "./${relative(folder, file)}"?`;
  // Neither a path nor, with its extension, the name of a file.
  const isBareName = /^\w[\w-]*$/.test(module);
  return isBareName ? `: no such package is installed. Did you mean a file, "./${module}"?` : "";
}

/** The module in a folder whose name is nearest, with or without its extension. */
function similarFile(folder: string, name: string): string | undefined {
  if (kindOf(folder) !== "folder") return undefined;
  const files = new Map<string, string>();
  for (const file of readdirSync(folder)) {
    if (MODULE_EXTENSION.test(file)) files.set(file.replace(MODULE_EXTENSION, ""), file);
  }
  const stem = nearestName(name.replace(MODULE_EXTENSION, ""), [...files.keys()]);
  const file = stem === undefined ? undefined : files.get(stem);
  return file === undefined ? undefined : join(folder, file);
}

const MODULE_EXTENSION = /\.[cm]?[jt]s$/;
