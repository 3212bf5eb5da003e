import { createRequire } from "node:module";
import { isAbsolute } from "node:path";

/**
 * The file that this process runs, as Node finds it: with its extension, a folder's main file, and
 * without symbolic links. `undefined` where it runs none, as with `--eval`.
 *
 * @param script What stands in `process.argv[1]`.
 */
export function mainScript(script: string | undefined): string | undefined {
  if (script === undefined || !isAbsolute(script)) return undefined;
  try {
    return createRequire(script).resolve(script);
  } catch {
    return undefined;
  }
}

/**
 * Tells whether a script is a tool that runs others, such as npm, tsx or nodemon, and not an
 * application: it lies in a folder for packages, or has the name of a package manager.
 */
export function isTool(script: string): boolean {
  return /[\\/](?:node_modules|\.yarn|corepack)[\\/]|[\\/](?:yarn|pnpm)\.c?js$/.test(script);
}
