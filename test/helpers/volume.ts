import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The texts of files, by their names. */
export type Files = Readonly<Record<string, string>>;

/** A folder of files that are exchanged while a program uses them. */
export interface Volume {
  /** Exchanges files; the others stay as they are. */
  exchange(files: Files): Promise<void>;
}

/** How the files of a folder are exchanged, by who does it. */
export const VOLUMES: Readonly<Record<string, (folder: string, files: Files) => Promise<Volume>>> =
  { kubelet: mountLinks, "SPIFFE helper": mountFiles };

/**
 * As the kubelet does it for a Secret: each file is a link through the link `..data`, which is exchanged by
 * a rename.
 */
async function mountLinks(folder: string, files: Files): Promise<Volume> {
  let all: Files = {};
  let generation = 0;
  const exchange = async (changed: Files) => {
    all = { ...all, ...changed };
    const name = `..${++generation}`;
    await mkdir(join(folder, name), { recursive: true });
    for (const [file, text] of Object.entries(all)) await writeFile(join(folder, name, file), text);
    await symlink(name, join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  await exchange(files);
  for (const file of Object.keys(files)) await symlink(join("..data", file), join(folder, file));
  return { exchange };
}

/** How long after the first file the next one is written: long enough that a scrape comes between. */
const PAUSE_MS = 1_500;

/** As the helper of SPIFFE does it: one file after the other is truncated and written. */
async function mountFiles(folder: string, files: Files): Promise<Volume> {
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  return {
    async exchange(changed) {
      for (const [index, [file, text]] of Object.entries(changed).entries()) {
        if (index > 0) await sleep(PAUSE_MS);
        await writeFile(join(folder, file), text);
      }
    },
  };
}
