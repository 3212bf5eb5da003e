import { nodeModule } from "../../node.ts";
import type { LastNumbersPlace } from "./last-numbers.ts";
import { markOf, removeFile } from "./own-file.ts";
import { isAnyRunning, removeAtExit } from "./processes.ts";
import { readContent } from "./read-records.ts";

/** The files of a group beside its socket. */
const FILES = /\.(?:ledger|layout|last|tmp)$/;

/**
 * Lets the files of a group be removed when this process ends, if it was the last of them. A hub does that itself,
 * unless it was a thread: then the process has only what the ledger says. It never rejects.
 *
 * @param endingPid This process, which has left the group.
 * @param hasHub Whether there is one.
 */
export async function forgetGroupAtExit(
  { folder, key }: LastNumbersPlace,
  endingPid: number,
  hasHub: () => boolean,
): Promise<void> {
  const { ledgerPath: path, uid } = folder;
  const ledger = `${path}/${key}.ledger`;
  try {
    const mark = markOf(ledger);
    const { workers = [] } = (await readContent(ledger, uid)) ?? {};
    removeAtExit(ledger, () => {
      const isLast = !hasHub() && !isAnyRunning(workers, endingPid);
      if (isLast && markOf(ledger) === mark) removeAll(path, key);
    });
  } catch {
    // The next hub says what is wrong with it.
  }
}

function removeAll(path: string, key: string): void {
  for (const name of nodeModule("node:fs").readdirSync(path)) {
    if (name.startsWith(`${key}.`) && FILES.test(name)) removeFile(`${path}/${name}`);
  }
}
