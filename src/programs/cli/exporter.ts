import type { Probe, ScrapeHook, ServerOptions, Sources } from "../../index.ts";
import type { ExporterFlags } from "../exporter.ts";
import { ExporterError } from "./exit.ts";
import { checkFlags } from "./flags/declared-flags.ts";
import type { Values } from "./flags/read-flags.ts";

/** What is served of a module. */
export interface ServedExporter {
  /** What the path of the metrics serves; `undefined` means the metrics of the process itself. */
  readonly source: Sources | undefined;
  /** What else is served; the server checks it. */
  readonly paths: ServerOptions["paths"];
  readonly onScrape?: ScrapeHook | undefined;
  /** Called after the last scrape; may return a promise. */
  readonly close?: (() => unknown) | undefined;
}

/** The exports of a module, the `module.exports` of a CommonJS module, or what its function returns. */
export type Exports = Readonly<Record<string, unknown>>;

type Hook = (...args: readonly unknown[]) => unknown;

/** The path of the export `probe`, as in blackbox_exporter. */
const PROBE_PATH = "/probe";

/** The exports that say what is served. */
const PARTS = ["registry", "register", "probe", "probes", "paths"] as const;

/**
 * Finds the flags that a module declares.
 *
 * @param namespace The result of `import()`.
 * @throws {ExporterError} When they are wrong.
 */
export function flagsOf(namespace: Exports): ExporterFlags {
  const holders = holdersOf(namespace).filter((holder) => !isSource(holder) && !isProbe(holder));
  return checkFlags(find(holders, "flags")?.["flags"] ?? {});
}

/**
 * Finds what is served in the exports of a module.
 *
 * @param namespace The result of `import()`.
 * @param values The values of its flags: every exported function is called with them.
 * @throws {ExporterError} When there is nothing to serve, and for what cannot be served.
 * @throws Any error that the module's own function throws.
 */
export async function exporterOf(namespace: Exports, values: Values): Promise<ServedExporter> {
  const { main, holders } = await mainOf(holdersOf(namespace), values);
  // The members of a gatherer or a probe are its own.
  const parts = holders.filter((holder) => holder !== main && !isProbe(holder));
  const name = find(parts, "registry") === undefined ? "register" : "registry";
  const source = isSources(main) ? main : await partOf(parts, name, values, SOURCES);
  const probe = isProbe(main) ? main : await partOf(parts, "probe", values, PROBE);
  const paths = pathsOf([
    probe && { [PROBE_PATH]: probe },
    await partOf(parts, "probes", values, PROBES),
    await partOf(parts, "paths", values, PATHS),
  ]);
  if (source === undefined && paths === undefined) {
    throw new ExporterError(
      'The module must export a registry, as default or as "registry", or a probe',
    );
  }
  return { source, paths, onScrape: hookOf(holders, "onScrape"), close: hookOf(holders, "close") };
}

/** What has named exports: a module, and what a CommonJS module exports, which is its default export. */
function holdersOf(namespace: Exports): readonly Exports[] {
  const { default: main } = namespace;
  // Cast: a function may have properties, too.
  return isObject(main) || isFunction(main) ? [namespace, main as Exports] : [namespace];
}

/** A default export, and all that has named exports. */
interface Main {
  /** The sources or the probe that it is; `undefined` if it is neither. */
  readonly main: Sources | Probe | undefined;
  readonly holders: readonly Exports[];
}

async function mainOf(holders: readonly Exports[], values: Values): Promise<Main> {
  for (const holder of holders) {
    const exported = await holder["default"];
    const value = isFunction(exported) ? await exported.call(holder, values) : exported;
    const main = isSources(value) || isProbe(value) ? value : undefined;
    if (!isFunction(exported) && main === undefined) continue;
    if (isObject(value) && (main !== undefined || hasPart(value))) {
      return { main, holders: [value, ...holders] };
    }
    throw new ExporterError(
      "The exported function must return a registry, a probe or an object with them",
    );
  }
  return { main: undefined, holders };
}

/** What an export must be. */
interface Kind<T> {
  readonly expected: string;
  readonly matches: (value: unknown) => value is T;
}

const SOURCES: Kind<Sources> = {
  expected: "a registry, a gatherer, an array of them, or an object of them by their names",
  matches: isSources,
};

const PROBE: Kind<Probe> = {
  expected: 'an object with "allow" and the function "probe"',
  matches: isProbe,
};

const PROBES: Kind<Readonly<Record<string, Probe>>> = {
  expected: "an object of probes by their paths",
  matches: (value): value is Readonly<Record<string, Probe>> =>
    isObject(value) && Object.values(value).every(PROBE.matches),
};

const PATHS: Kind<NonNullable<ServerOptions["paths"]>> = {
  expected: "an object of registries, gatherers or probes by their paths",
  // The server checks what is in it.
  matches: (value): value is NonNullable<ServerOptions["paths"]> => isObject(value),
};

/** The export of this name: itself, or what it returns. */
async function partOf<T>(
  holders: readonly Exports[],
  name: (typeof PARTS)[number],
  values: Values,
  { expected, matches }: Kind<T>,
): Promise<T | undefined> {
  const holder = find(holders, name);
  if (holder === undefined) return undefined;
  const exported = await holder[name];
  const value = isFunction(exported) ? await exported.call(holder, values) : exported;
  if (matches(value)) return value;
  const verb = isFunction(exported) ? "return" : "be";
  throw new ExporterError(`Export "${name}" must ${verb} ${expected}`);
}

/** Joins what is served beside the metrics; `undefined` if there is nothing. */
function pathsOf(parts: readonly ServerOptions["paths"][]): ServerOptions["paths"] {
  const entries = parts.flatMap((part) => Object.entries(part ?? {}));
  const paths = new Map(entries);
  const repeated = entries.find(([path, value]) => paths.get(path) !== value);
  if (repeated !== undefined) throw new ExporterError(`Path "${repeated[0]}" is exported twice`);
  return paths.size === 0 ? undefined : Object.fromEntries(paths);
}

function isSources(value: unknown): value is Sources {
  if (Array.isArray(value) || isSource(value)) return true;
  if (!isObject(value) || hasPart(value)) return false;
  // By their names. A module that was compiled to CommonJS has its registry in an object, too.
  const sources = Object.values(value);
  const isNamed = sources.length > 0 && !Object.hasOwn(value, "default");
  return isNamed && sources.every((source) => Array.isArray(source) || isSource(source));
}

function isSource(value: unknown): boolean {
  if (!isObject(value)) return false;
  return [value["gather"], value["getMetricsAsArray"]].some((member) => isFunction(member));
}

/** Whether it is a probe itself, and not something with the export `probe`. */
function isProbe(value: unknown): value is Probe {
  return isObject(value) && isFunction(value["probe"]) && "allow" in value;
}

function hasPart(value: Exports): boolean {
  return PARTS.some((name) => value[name] !== undefined);
}

function hookOf(holders: readonly Exports[], name: string): Hook | undefined {
  const holder = find(holders, name);
  const hook = holder?.[name];
  if (hook === undefined) return undefined;
  if (!isFunction(hook)) throw new ExporterError(`Export "${name}" must be a function`);
  return hook.bind(holder);
}

/** The first of them that exports something by this name. */
function find(holders: readonly Exports[], name: string): Exports | undefined {
  return holders.find((holder) => holder[name] !== undefined);
}

function isFunction(value: unknown): value is Hook {
  return typeof value === "function";
}

function isObject(value: unknown): value is Exports {
  return typeof value === "object" && value !== null;
}
