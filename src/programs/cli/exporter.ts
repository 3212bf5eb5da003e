import type { ScrapeHook, Source } from "../../index.ts";

/** What a module exports to be served. */
export interface Exporter {
  readonly source: Source | readonly Source[];
  readonly onScrape?: ScrapeHook | undefined;
  /** Called after the last scrape; may return a promise. */
  readonly close?: (() => unknown) | undefined;
}

/** A module that cannot be served. */
export class ExporterError extends Error {}

/** The exports of a module, or the `module.exports` of a CommonJS module. */
type Exports = Readonly<Record<string, unknown>>;

type Hook = (...args: readonly unknown[]) => unknown;

/**
 * Finds the exporter in the exports of a module.
 *
 * @param namespace The result of `import()`.
 * @throws {ExporterError} When there is no registry, or a hook is not a function.
 * @throws Any error that the module's own function throws.
 */
export async function exporterOf(namespace: Exports): Promise<Exporter> {
  // The exports of a CommonJS module are its default export.
  const holders = [namespace, namespace["default"]].filter(isObject);
  const candidates = holders.flatMap((holder) =>
    ["default", "registry", "register"].map((name) => holder[name]),
  );
  return {
    source: await sourceOf(candidates),
    onScrape: hookOf(holders, "onScrape"),
    close: hookOf(holders, "close"),
  };
}

async function sourceOf(candidates: readonly unknown[]): Promise<Source> {
  for (const candidate of candidates) {
    const value: unknown = await candidate;
    const source: unknown = typeof value === "function" ? await value() : value;
    // The server checks it again, and the elements of an array.
    if (isSource(source)) return source;
    if (typeof value === "function") {
      throw new ExporterError("The exported function must return a registry");
    }
  }
  throw new ExporterError('The module must export a registry, as default or as "registry"');
}

function isSource(value: unknown): value is Source {
  if (Array.isArray(value)) return true;
  if (!isObject(value)) return false;
  return [value["gather"], value["getMetricsAsArray"]].some((member) => isFunction(member));
}

function hookOf(holders: readonly Exports[], name: string): Hook | undefined {
  const holder = holders.find((exports) => exports[name] !== undefined);
  const hook = holder?.[name];
  if (hook === undefined) return undefined;
  if (!isFunction(hook)) throw new ExporterError(`Export "${name}" must be a function`);
  return hook.bind(holder);
}

function isFunction(value: unknown): value is Hook {
  return typeof value === "function";
}

function isObject(value: unknown): value is Exports {
  return typeof value === "object" && value !== null;
}
