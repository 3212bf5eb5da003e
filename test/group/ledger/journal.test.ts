import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LayoutPiece } from "../../../src/gatherers/remote/snapshot.ts";
import { Journal, readJournal } from "../../../src/group/ledger/journal.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const UID = process.geteuid?.() ?? 0;
const skip = process.platform === "win32" && "needs unix files";

function pieceOf(help: string): LayoutPiece {
  return [{ id: 1, head: { name: "requests_total", help, type: "counter" } }];
}

async function readAll(folder: string, journal: Journal): Promise<readonly unknown[]> {
  const pieces: unknown[] = [];
  await readJournal({ path: folder, uid: UID }, journal.extent, (piece) => pieces.push(piece));
  return pieces;
}

test("what was appended is read, up to the extent that was taken", { skip }, () =>
  withTempDir(async (folder) => {
    const journal = new Journal(folder, "a.layout");
    journal.append(pieceOf("first"));
    journal.append(pieceOf("é\n"));
    await journal.flush();
    const { extent } = journal;
    journal.append(pieceOf("later"));
    journal.flushNow();
    assert.equal((await readAll(folder, journal)).length, 3);
    const pieces: unknown[] = [];
    await readJournal({ path: folder, uid: UID }, extent, (piece) => pieces.push(piece));
    assert.deepEqual(pieces, [pieceOf("first"), pieceOf("é\n")]);
    await journal.close();
  }),
);

test("a journal without pieces has no file", { skip }, () =>
  withTempDir(async (folder) => {
    const journal = new Journal(folder, "a.layout");
    await journal.flush();
    journal.flushNow();
    journal.restore();
    await journal.close();
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(await readAll(folder, journal), []);
  }),
);

test("flushNow() while a flush runs writes the same bytes", { skip }, () =>
  withTempDir(async (folder) => {
    const journal = new Journal(folder, "a.layout");
    for (let i = 0; i < 50; i++) journal.append(pieceOf(`${i}`.repeat(1_000)));
    const flushed = journal.flush();
    journal.append(pieceOf("last"));
    journal.flushNow();
    assert.equal((await readAll(folder, journal)).length, 51);
    await flushed;
    assert.equal(statSync(join(folder, "a.layout")).size, journal.extent.bytes);
    assert.equal((await readAll(folder, journal)).length, 51);
    await journal.close();
  }),
);

test("a flush ends, although more is appended all the time", { skip }, () =>
  withTempDir(async (folder) => {
    const journal = new Journal(folder, "a.layout");
    journal.append(pieceOf("first"));
    const append = setInterval(() => journal.append(pieceOf("more")), 0);
    await journal.flush();
    clearInterval(append);
    await journal.flush();
    await readAll(folder, journal);
    await journal.close();
  }),
);

test("append() bounds what waits for the disk", () => {
  const journal = new Journal("/nowhere", "a.layout");
  const piece = pieceOf("x".repeat(1_024 * 1_024));
  let count = 0;
  while (journal.append(piece)) count++;
  assert.equal(count, 16);
  assert.throws(() => journal.flushNow(), { code: "ENOENT" });
});

test("restore() writes a file anew that something has removed", { skip }, () =>
  withTempDir(async (folder) => {
    const journal = new Journal(folder, "a.layout");
    journal.append(pieceOf("first"));
    await journal.flush();
    rmSync(join(folder, "a.layout"));
    journal.restore();
    journal.append(pieceOf("second"));
    await journal.flush();
    assert.deepEqual(await readAll(folder, journal), [pieceOf("first"), pieceOf("second")]);
    await journal.close();
  }),
);

test("restore() that fails can be tried again", { skip }, () =>
  withTempDir(async (parent) => {
    const folder = join(parent, "folder");
    mkdirSync(folder);
    const journal = new Journal(folder, "a.layout");
    journal.append(pieceOf("first"));
    await journal.flush();
    rmSync(folder, { recursive: true });
    assert.throws(() => journal.restore(), { code: "ENOENT" });
    mkdirSync(folder);
    journal.restore();
    assert.deepEqual(await readAll(folder, journal), [pieceOf("first")]);
    await journal.close();
  }),
);
