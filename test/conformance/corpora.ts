import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

/**
 * Finds a corpus of another project, which this repository does not hold.
 *
 * The environment variable `PROMHTTP_CORPORA` names the folder of all corpora. Where it is not set,
 * a test says that it was skipped; where it is set, or in CI, a missing folder fails that test.
 *
 * @param name The folder of the corpus.
 * @param origin Where it comes from, for whoever has to fetch it.
 * @returns The folder, or `undefined` where there is none.
 */
export function findCorpus(name: string, origin: string): string | undefined {
  const { PROMHTTP_CORPORA: root, CI: ci } = process.env;
  const folder = root === undefined ? undefined : resolve(root, name);
  const isMissing = folder === undefined || !existsSync(folder);
  const hint = `Set PROMHTTP_CORPORA to a folder that holds ${join(name, "/")}, from ${origin}.`;
  const isOptional = root === undefined && !ci;
  test(`the corpus ${name} exists`, { skip: isOptional && hint }, () => {
    assert.equal(isMissing, false, hint);
  });
  return isMissing ? undefined : folder;
}
