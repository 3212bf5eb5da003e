import type { ScrapeHook, Source } from "../../index.ts";

/** What a module wants to have served. */
export interface Exporter {
  readonly source: Source | readonly Source[];
  readonly onScrape?: ScrapeHook | undefined;
  /** Called when all scrapes have ended; may return a promise. */
  readonly close?: (() => unknown) | undefined;
}

/** A module that cannot be served. */
export class ExporterError extends Error {}

/** What a module exports, or a CommonJS module has assigned to `module.exports`. */
type Exports = Readonly<Record<string, unknown>>;

type Hook = (...args: readonly unknown[]) => unknown;

/**
 * Finds what is to be served in the exports of a module.
 *
 * @param namespace What `import()` gives for the module.
 * @throws {ExporterError} When there is no registry, or a hook is no function.
 * @throws What the module's own function throws.
 */
export async function exporterOf(namespace: Exports): Promise<Exporter> {
  // What a CommonJS module exports is its default export.
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
    // The server looks at it again, and into an array.
    if (isSource(source)) return source;
    if (typeof value === "function") throw new ExporterError("The function returns no registry");
  }
  throw new ExporterError(
    'The module exports no registry: export one as default, or as "registry"',
  );
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
  if (!isFunction(hook)) throw new ExporterError(`The export "${name}" is not a function`);
  return hook.bind(holder);
}

function isFunction(value: unknown): value is Hook {
  return typeof value === "function";
}

function isObject(value: unknown): value is Exports {
  return typeof value === "object" && value !== null;
}
