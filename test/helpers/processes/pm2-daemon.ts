import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Makes sure that a daemon of pm2 ends.
 *
 * @param home Its folder, which is `PM2_HOME`.
 * @param kill Tells it to end, and its applications.
 */
export async function endDaemon(home: string, kill: () => Promise<unknown>): Promise<void> {
  const text = await readFile(join(home, "pm2.pid"), "utf8").catch(() => "");
  try {
    await kill();
  } finally {
    endProcess(Number(text));
  }
}

/** @param pid 0 if it has not started. */
function endProcess(pid: number): void {
  if (pid === 0) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, as it should.
  }
}
