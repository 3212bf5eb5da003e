import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { type ProcessReading, readProcess } from "../node.ts";

/** Which process this is, for a person who has many. */
export interface ProcessFacts {
  /** The name of the application, by its package.json; else the file that was started. */
  readonly name: string;
  /** The version of the application, by its package.json. */
  readonly version: string | undefined;
  readonly host: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
}

/**
 * Finds out which process this is. It never rejects.
 *
 * @param reading What it says about itself.
 */
export async function readProcessFacts(
  reading: ProcessReading = readProcess(),
): Promise<ProcessFacts> {
  const { pid, uptimeSeconds, program, directory } = reading;
  application ??= findApplication(program, directory);
  return { ...(await application), host: hostname(), pid, uptimeSeconds };
}

type Application = Pick<ProcessFacts, "name" | "version">;

/** Looked up once: an application does not change its name. */
let application: Promise<Application> | undefined;

/**
 * Reads the package.json that belongs to a program. The variables that npm sets tell it only of
 * programs that npm has started.
 *
 * @param program The path of the program, if there is one.
 * @param directory The working directory. It counts where the program is a tool of a dependency.
 */
export async function findApplication(
  program: string | undefined,
  directory: string | undefined,
): Promise<Application> {
  const isTool = program === undefined || /[\\/](?:node_modules|\.bin)[\\/]/.test(program);
  const starts = isTool ? [directory] : [dirname(program), directory];
  for (const start of starts) {
    const found = start === undefined ? undefined : await findPackage(start);
    if (found !== undefined) return found;
  }
  return {
    name: program === undefined ? "a Node.js process" : basename(program),
    version: undefined,
  };
}

const MAX_LEVELS = 16;

async function findPackage(start: string): Promise<Application | undefined> {
  let directory = start;
  for (let level = 0; level < MAX_LEVELS; level++) {
    const found = await readPackage(join(directory, "package.json"));
    if (found !== undefined) return found;
    const parent = dirname(directory);
    if (parent === directory) return undefined;
    directory = parent;
  }
  return undefined;
}

/** One without a name only says what kind of modules are in its folder. */
async function readPackage(path: string): Promise<Application | undefined> {
  try {
    const { name, version }: Record<string, unknown> = JSON.parse(await readFile(path, "utf8"));
    if (typeof name !== "string" || name === "") return undefined;
    return { name, version: typeof version === "string" ? version : undefined };
  } catch {
    return undefined;
  }
}
