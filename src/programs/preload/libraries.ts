import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { findClientLibraries } from "../client-libraries.ts";

/** Finds the libraries that the application imports; those of the working folder if it has none. */
export function librariesOf(script: string | undefined): string[] {
  const libraries = script === undefined ? [] : findClientLibraries(script);
  return libraries.length > 0 ? libraries : findClientLibraries(inWorkingFolder());
}

/** Whether the application can import a package beside this one, which may bring a client library. */
export function hasPackages(script: string | undefined): boolean {
  // Yarn's Plug'n'Play has no folder for packages.
  if (process.versions["pnp"] !== undefined) return true;
  const isPackage = (name: string) => /^[^.]/.test(name) && name !== "promhttp";
  return [script ?? [], inWorkingFolder()].flat().some((file) =>
    (createRequire(file).resolve.paths("promhttp") ?? []).some((folder) => {
      try {
        return readdirSync(folder).some(isPackage);
      } catch {
        return false;
      }
    }),
  );
}

function inWorkingFolder(): string {
  return join(process.cwd(), "[preload]");
}
