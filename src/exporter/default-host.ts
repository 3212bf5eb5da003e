/**
 * The host that the exporter of OpenTelemetry would choose.
 *
 * Up to 0.223, for SDK 1 and 2, it listens on every interface. Since 0.300, for SDK 3, it listens on
 * `localhost`, as the specification demands. An application that changes one line must keep its host, or
 * scrapers lose it.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { readEnvironment } from "../group/environment.ts";
import { installedPackages } from "./installed-packages.ts";

/** The package whose version decides. */
export const SDK = "@opentelemetry/sdk-metrics";

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
  for (const { manifest } of installedPackages(SDK, starts.flat())) {
    if (typeof manifest["version"] === "string") return manifest["version"];
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
