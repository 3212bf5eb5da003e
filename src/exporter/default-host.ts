/**
 * The host that the exporter of OpenTelemetry would choose.
 *
 * Up to 0.223, for SDK 1 and 2, it listens on every interface. Since 0.300, for SDK 3, it listens on
 * `localhost`, as the specification demands. An application that changes one line must keep its host, or
 * scrapers lose it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readEnvironment } from "../group/environment.ts";

/** The package whose version decides. */
export const SDK = "@opentelemetry/sdk-metrics";

const SDK_NODE = "@opentelemetry/sdk-node";

/** The ways to it; pnpm lets a package resolve only what it depends on itself. */
const ROUTES: readonly (readonly string[])[] = [
  [SDK],
  [SDK_NODE, SDK],
  ["@opentelemetry/auto-instrumentations-node", SDK_NODE, SDK],
];

/** Where an application is. */
export interface ApplicationPlace {
  /** Its main script; `undefined` without one. */
  readonly script: string | undefined;
  /** Where it works. */
  readonly folder: string;
}

/** The version of the SDK that this application resolves; `undefined` where there is none. */
export function readSdkVersion(): string | undefined {
  // PM2 runs a script of its own, and a thread has another one than its application.
  return findSdkVersion(readEnvironment());
}

/**
 * Finds the version of the SDK that an application resolves: from its script, else from its folder. It
 * loads nothing and never throws.
 *
 * @returns The version, or `undefined` where there is none.
 */
export function findSdkVersion({ script, folder }: ApplicationPlace): string | undefined {
  const starts = [script === undefined ? [] : realPathOf(script), join(folder, "[application]")];
  for (const start of starts.flat()) {
    for (const route of ROUTES) {
      const version = versionAlong(route, start);
      if (version !== undefined) return version;
    }
  }
  return undefined;
}

/**
 * The host for a version of the SDK; `undefined` is every interface.
 *
 * @param version `undefined` where none was found.
 */
export function hostFor(version: string | undefined): string | undefined {
  return version !== undefined && Number.parseInt(version, 10) < 3 ? undefined : "localhost";
}

/** The file of a script that may be named without its extension, by its folder, or by a symbolic link. */
function realPathOf(script: string): string[] {
  try {
    return [createRequire(script).resolve(script)];
  } catch {
    return [];
  }
}

function versionAlong(route: readonly string[], start: string): string | undefined {
  try {
    return versionAbove(route.reduce((file, name) => createRequire(file).resolve(name), start));
  } catch {
    return undefined;
  }
}

/** SDK 3 does not export its package.json, so the one above its main file is read. */
function versionAbove(file: string): string | undefined {
  const folder = dirname(file);
  if (folder === file) return undefined;
  const { name, version } = readPackage(folder);
  return name === SDK ? version : versionAbove(folder);
}

function readPackage(folder: string): { readonly name?: string; readonly version?: string } {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  } catch {
    return {};
  }
}
