import { nodeModule } from "../../node.ts";
import { endingPid } from "../environment.ts";
import type { LastNumbersPlace } from "./last-numbers.ts";
import { markOf, removeFile } from "./own-file.ts";
import { isAnyRunning, removeAtExit } from "./processes.ts";
import { readContent } from "./read-records.ts";

/** Files of a group that nobody has scraped for so long are removed. */
const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1_000;

const OURS = /^([0-9a-f]{16})\..*(?:ledger|layout|last|tmp)$/;

/**
 * Removes the files of groups that have ended and never begun again, because what starts them has another
 * name now. Their processes cannot be asked for: they may be those of another container. A group that lives
 * all the same, unscraped, writes its files anew.
 */
export function removeForgottenFiles(folder: string): void {
  const { lstatSync, readdirSync } = nodeModule("node:fs");
  const groups = new Map<string, string[]>();
  const recent = new Set<string>();
  const oldest = Date.now() - MAX_AGE_MS;
  for (const name of readdirSync(folder)) {
    const key = OURS.exec(name)?.[1];
    if (key === undefined) continue;
    const path = `${folder}/${name}`;
    groups.set(key, [...(groups.get(key) ?? []), path]);
    // Layouts may stay as they are forever: the newest file counts.
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && stats.mtimeMs > oldest) recent.add(key);
  }
  for (const [key, paths] of groups) {
    if (!recent.has(key)) for (const path of paths) removeFile(path);
  }
}

/**
 * Lets the files of a group be removed when this process ends, which has left it, if it was the last of them. A hub
 * does that itself, unless it was a thread: then the process has only what the ledger says. It never rejects.
 *
 * @param socketPath That of the hub.
 */
export async function forgetGroupAtExit(
  { folder, key }: LastNumbersPlace,
  socketPath: string,
): Promise<void> {
  const pid = endingPid();
  if (pid === undefined) return;
  const { existsSync } = nodeModule("node:fs");
  const { ledgerPath: path, uid } = folder;
  const ledger = `${path}/${key}.ledger`;
  try {
    const mark = markOf(ledger);
    const { workers = [] } = (await readContent(ledger, uid)) ?? {};
    removeAtExit(ledger, () => {
      const isLast = !existsSync(socketPath) && !isAnyRunning(workers, pid);
      if (isLast && markOf(ledger) === mark) removeAll(path, key);
    });
  } catch {
    // The next hub says what is wrong with it.
  }
}

function removeAll(path: string, key: string): void {
  try {
    for (const name of nodeModule("node:fs").readdirSync(path)) {
      if (OURS.exec(name)?.[1] === key) removeFile(`${path}/${name}`);
    }
  } catch {
    // Something else has removed the folder.
  }
}
