import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readOwnFile, reasonAgainstFile, removeFile } from "../../../src/group/ledger/own-file.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const LIMITS = { uid: 1_000, maxBytes: 10 };

interface Facts {
  readonly uid?: bigint;
  readonly nlink?: bigint;
  readonly size?: bigint;
  readonly isRegular?: boolean;
}

const FACTS: readonly [facts: Facts, reason: string | undefined][] = [
  [{}, undefined],
  [{ size: 0n }, undefined],
  [{ uid: 0n }, "belongs to another user"],
  [{ uid: 1_001n }, "belongs to another user"],
  [{ nlink: 2n }, "has several names"],
  [{ nlink: 0n }, "has several names"],
  [{ size: 11n }, "is longer than 10 bytes"],
  [{ size: 2n ** 60n }, "is longer than 10 bytes"],
  [{ isRegular: false }, "is not a regular file"],
];

for (const [facts, reason] of FACTS) {
  const { uid = 1_000n, nlink = 1n, size = 10n, isRegular = true } = facts;
  test(`a file of ${uid} with ${nlink} names, ${size} bytes ${reason ?? "may be read"}`, () => {
    assert.equal(reasonAgainstFile({ uid, nlink, size, isFile: () => isRegular }, LIMITS), reason);
  });
}

test(
  "readOwnFile() does not wait for the other end of a pipe",
  { skip: process.platform === "win32" },
  () =>
    withTempDir(async (folder) => {
      const path = join(folder, "pipe");
      execFileSync("mkfifo", [path]);
      const limits = { uid: process.geteuid?.() ?? 0, maxBytes: 10 };
      await assert.rejects(readOwnFile(path, limits), { message: /is not a regular file$/ });
    }),
);

test("readOwnFile() reads a file whole, and says that there is none", () =>
  withTempDir(async (folder) => {
    const path = join(folder, "file");
    const limits = { uid: process.geteuid?.() ?? 0, maxBytes: 10 };
    assert.equal(await readOwnFile(path, limits), undefined);
    writeFileSync(path, "0123456789");
    assert.equal((await readOwnFile(path, limits))?.toString(), "0123456789");
    await assert.rejects(readOwnFile(join(path, "below"), limits), { code: "ENOTDIR" });
  }));

test("removeFile() never throws", () =>
  withTempDir(async (folder) => {
    removeFile(join(folder, "missing"));
    removeFile(folder);
  }));
