import { createRequire } from "node:module";
import { isAbsolute, win32 } from "node:path";

/**
 * The file that this process runs, as Node resolves it: with its extension, a folder's main file, and
 * without symbolic links. `undefined` if it runs none, as with `--eval`.
 *
 * @param script The value of `process.argv[1]`.
 * @param pm2Script The value of `pm_exec_path`, which pm2 sets for the applications that it runs.
 */
export function mainScript(
  script: string | undefined,
  pm2Script?: string | undefined,
): string | undefined {
  if (script === undefined || !isAbsolute(script)) return undefined;
  // The application's own child processes inherit `pm_exec_path`, but not this script of pm2.
  if (pm2Script && PM2_CONTAINER.test(script)) return mainScript(pm2Script);
  try {
    return createRequire(script).resolve(script);
  } catch {
    return undefined;
  }
}

/** pm2 loads the application into a process that runs one of these files. */
const PM2_CONTAINER = /[\\/]ProcessContainer(?:Fork)?\.js$/;

/**
 * Whether a script is a tool that runs others, such as npm, tsx or nodemon. A tool is in a folder for
 * packages, or has the name of a package manager.
 */
export function isTool(script: string): boolean {
  return TOOL_FOLDERS.some((folder) => folder.test(script)) || isPackageManager(script);
}

/** Whether a script is a package manager, which never runs an application in its own process. */
export function isPackageManager(script: string): boolean {
  return PACKAGE_MANAGER.test(win32.basename(script));
}

const TOOL_FOLDERS: readonly RegExp[] = [
  // Fedora has one for each version of Node.
  /[\\/]node_modules(?:_\d+)?[\\/]/,
  // Debian: packages in JavaScript, and those with native code.
  /[\\/]share[\\/]nodejs[\\/]/,
  /[\\/]usr[\\/]lib[\\/](?:[^\\/]+-linux-[^\\/]+[\\/])?nodejs[\\/]/,
  /[\\/](?:\.yarn|corepack)[\\/]/,
];

/** Volta, Homebrew, Docker's image of Node and others install them into folders of their own. */
const PACKAGE_MANAGER =
  /^(?:np[mx](?:-(?:cli|prefix)\.js)?|(?:pnpm|pnpx|corepack|yarn|yarnpkg|yarn-(?:berry|v?\d[\w.-]*))(?:\.[cm]?js)?)$/;
