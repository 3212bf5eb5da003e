import type { Sources } from "../model/gatherer.ts";
import type { Probe } from "../model/probe.ts";
import type { ScrapeHook } from "../options/options.ts";

/**
 * An exporter, as `npx promhttp ./exporter.mjs` serves it: what its module exports by these names, or what its
 * default export, a function, returns. A module exports at least a registry, a probe or a path.
 *
 * @example
 * ```ts
 * export const flags = {
 *   "db.url": { type: "string", env: "DB_URL", required: true, help: "Where the database is." },
 * } satisfies ExporterFlags;
 *
 * export default async function (values: FlagValues<typeof flags>): Promise<Exporter> {
 *   const pool = await openPool(values["db.url"]);
 *   return { registry: gathererOf(pool), close: () => pool.end() };
 * }
 * ```
 */
export interface Exporter {
  /**
   * What the path of the metrics serves.
   * @default undefined: the metrics of the process itself
   */
  readonly registry?: Sources | undefined;
  /**
   * What `/probe` serves.
   * @default undefined
   */
  readonly probe?: Probe | undefined;
  /**
   * Probes, by their paths.
   * @default undefined
   */
  readonly probes?: Readonly<Record<string, Probe>> | undefined;
  /**
   * Whatever else is served, by its path, as the option `paths` of a server.
   * @default undefined
   */
  readonly paths?: Readonly<Record<string, Sources | Probe>> | undefined;
  /**
   * Called before each scrape.
   * @default undefined
   */
  readonly onScrape?: ScrapeHook | undefined;
  /**
   * Called once after the last scrape; may return a promise, which is awaited for five seconds.
   * @default undefined
   */
  readonly close?: (() => unknown) | undefined;
}

/**
 * The flags of an exporter's own command line, by their names without dashes: `"db.url"` is `--db.url`. A module
 * exports them as `flags`. Every function that it exports is called with their values.
 */
export type ExporterFlags = Readonly<
  Record<string, ExporterFlag<"string"> | ExporterFlag<"number"> | ExporterFlag<"boolean">>
>;

/** The types of flags, and what their values are. */
export interface FlagTypes {
  /** Any text; the command line may make it empty. */
  readonly string: string;
  /** A decimal number: `5`, `-0.5`, `1e3`. */
  readonly number: number;
  /** It has no value on a command line: `--db.tls` is true, `--no-db.tls` is false. */
  readonly boolean: boolean;
}

/** A flag of an exporter. */
export interface ExporterFlag<Type extends keyof FlagTypes = keyof FlagTypes> {
  /** The type of its value. */
  readonly type: Type;
  /**
   * What it does, for `--help`.
   * @default undefined
   */
  readonly help?: string | undefined;
  /**
   * The value where neither the command line nor the environment has one; a list if it is `multiple`.
   * @default undefined: false for a boolean, an empty list if it is `multiple`
   */
  readonly default?: FlagTypes[Type] | readonly FlagTypes[Type][] | undefined;
  /**
   * The environment variable that is read where the command line has no value: the place for a secret, since
   * whoever may list processes can read a command line. An empty variable counts as unset. That of a boolean is
   * `true`, `false`, `1` or `0`; that of a `multiple` flag has commas between its values.
   * @default undefined
   */
  readonly env?: string | undefined;
  /**
   * Whether it may be repeated, and its value is a list.
   * @default false
   */
  readonly multiple?: boolean | undefined;
  /**
   * Whether the command line or the environment must have a value, which is not empty.
   * @default false
   */
  readonly required?: boolean | undefined;
}

/**
 * The values of flags, by their names. They are frozen. Only one that has no default and is not required can be
 * `undefined`.
 */
export type FlagValues<Flags extends ExporterFlags> = {
  readonly [Name in keyof Flags]: Flags[Name] extends Record<"multiple", true>
    ? readonly FlagTypes[Flags[Name]["type"]][]
    : Flags[Name] extends
          | Record<"type", "boolean">
          | Record<"required", true>
          | Record<"default", string | number>
      ? FlagTypes[Flags[Name]["type"]]
      : FlagTypes[Flags[Name]["type"]] | undefined;
};
