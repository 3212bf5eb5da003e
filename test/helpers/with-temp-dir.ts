import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs a test with a directory of its own. */
export async function withTempDir(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "promhttp-"));
  try {
    await test(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
