import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

let count = 0;

/** The folder in which this process meets others, for the test file that imports this. */
export const RUNTIME_FOLDER: string = join(mkdtempSync(join(tmpdir(), "promhttp-group-")), "run");
process.env["PROMHTTP_RUNTIME_DIR"] = RUNTIME_FOLDER;
after(() => rmSync(join(RUNTIME_FOLDER, ".."), { recursive: true, force: true }));

/** The name of a group that no other test has. */
export function newGroup(): string {
  return `group-${process.pid}-${++count}`;
}
