import { createRequire } from "node:module";
import { isAbsolute, win32 } from "node:path";

/** The facts that decide whether a process serves metrics. */
export interface ProcessFacts {
  readonly isMainThread: boolean;
  readonly isClusterWorker: boolean;
  /** The id of the process that already serves, from `PROMHTTP_SERVED_BY`. */
  readonly servedBy: string | undefined;
  readonly pid: number;
  /** Whether a process with this id exists. */
  readonly isAlive: (pid: number) => boolean;
  /** The file that the process runs. */
  readonly script: string | undefined;
  /** The file of the package manager that started the process, if one has. */
  readonly packageManager: string | undefined;
  /** Whether the preload is on its own command line, and not only in `NODE_OPTIONS`. */
  readonly isExplicit: boolean;
}

/**
 * The reason why a process must not serve metrics; `undefined` if it may.
 *
 * Forked children and worker threads inherit a preload, and with `NODE_OPTIONS` so does every Node.js
 * process below. Only one of them serves: the first application.
 */
export function reasonNotToServe(facts: ProcessFacts): string | undefined {
  const { servedBy, pid, script } = facts;
  if (!facts.isMainThread) return "this is a worker thread";
  if (facts.isClusterWorker) return "this is a cluster worker";
  const server = Number(servedBy);
  // A process that starts its successor and exits leaves its id in the environment.
  if (server > 0 && server !== pid && facts.isAlive(server)) return `process ${server} serves them`;
  if (isToolProcess(facts)) {
    return `${script} is a tool; to serve its metrics, put --import promhttp/register on its command line`;
  }
  return undefined;
}

/** Whether a process runs a tool, and nobody has asked for the metrics of just this process. */
export function isToolProcess({ script, packageManager, isExplicit }: ProcessFacts): boolean {
  if (script === undefined || isExplicit) return false;
  // A package manager that runs another one names itself to it.
  return isTool(script) || script === packageManager;
}

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
  if (pm2Script && PM2_FORK.test(script)) return mainScript(pm2Script);
  try {
    return createRequire(script).resolve(script);
  } catch {
    return undefined;
  }
}

/** In fork mode pm2 loads the application into a process that runs this file. */
const PM2_FORK = /[\\/]ProcessContainerFork\.js$/;

/**
 * Whether a script is a tool that runs others, such as npm, tsx or nodemon. A tool is in a folder for
 * packages, or has the name of a package manager.
 */
export function isTool(script: string): boolean {
  return (
    TOOL_FOLDERS.some((folder) => folder.test(script)) ||
    PACKAGE_MANAGER.test(win32.basename(script))
  );
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
