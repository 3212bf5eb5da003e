import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { TYPESCRIPT } from "../../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";
import {
  addWorker,
  DEAD,
  FakeMirror,
  OWN,
  readAll,
  rows,
  send,
  skip,
  whole,
  withLedger,
} from "./ledgers.ts";

for (const state of ["taken", "gone"] as const) {
  test(`a hub whose seat is ${state} writes nothing`, { skip }, () =>
    withLedger(async (opened) => {
      const old = opened.open();
      const { mirror } = addWorker(old, OWN, { "/": 1 });
      await old.write(undefined);
      const bytes = readFileSync(opened.path);
      mirror.numbers = [2];
      opened.state = state;
      await old.write(undefined);
      old.writeNow(undefined);
      assert.deepEqual(readFileSync(opened.path), bytes);
      assert.deepEqual(opened.errors, []);
      await old.close();
    }),
  );
}

test("a hub that loses its seat while it writes does not replace the ledger", { skip }, () =>
  withLedger(async (opened) => {
    const old = opened.open();
    addWorker(old, OWN, { "/": 1 });
    const writing = old.write(undefined);
    opened.state = "taken";
    await writing;
    assert.equal(existsSync(opened.path), false);
    assert.equal(readdirSync(opened.folder).filter((name) => name.endsWith(".tmp")).length, 0);
    await old.close();
  }),
);

test(
  "a hub whose socket is removed before it writes, or meanwhile, writes all the same",
  { skip },
  () =>
    withLedger(async (opened) => {
      const ledger = opened.open();
      const { mirror } = addWorker(ledger, OWN, { "/": 1 });
      opened.renew = () => {
        opened.state = "ours";
      };
      opened.state = "gone";
      assert.equal(await ledger.write(undefined), true);
      mirror.numbers = [2];
      const writing = ledger.write(undefined);
      opened.state = "gone";
      assert.equal(await writing, true);
      assert.deepEqual((await readAll(opened.open()))[0]?.numbers, new Float64Array([2]));
      await ledger.close();
    }),
);

test("writeNow() writes in one turn what write() has not", { skip }, () =>
  withLedger(async ({ open, folder, errors }) => {
    const ledger = open();
    const { mirror, entry } = addWorker(ledger, OWN, { "/": 1 });
    const first = ledger.write(undefined);
    send(entry, mirror, [{ id: 1, splices: [{ at: 1, removed: 0, rows: rows("/new") }] }]);
    mirror.numbers = [5, 6];
    const second = ledger.write(undefined);
    mirror.numbers = [7, 8];
    ledger.writeNow(undefined);
    const [found] = await readAll(open());
    assert.deepEqual(found?.numbers, new Float64Array([7, 8]));
    assert.deepEqual(found?.layout, [...mirror.layout.pieces()]);
    // What was being written is older.
    await Promise.all([first, second]);
    await ledger.close();
    assert.deepEqual((await readAll(open()))[0]?.numbers, new Float64Array([7, 8]));
    assert.deepEqual(errors, []);
    assert.equal(readdirSync(folder).length, 2);
  }),
);

test("writeNow() leaves nothing when no worker runs any more", { skip }, () =>
  withLedger(async ({ open, folder, errors }) => {
    const ledger = open();
    addWorker(ledger, DEAD, { "/": 7 });
    const writing = ledger.write(undefined);
    ledger.writeNow({ layout: [whole(9, ["/"])], order: [9], numbers: new Float64Array([70]) });
    await writing;
    await ledger.close();
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(errors, []);
  }),
);

test("writeNow() leaves what is retained to a worker that has sent nothing yet", { skip }, () =>
  withLedger(async ({ open, errors }) => {
    const ledger = open();
    addWorker(ledger, DEAD, { "/": 7 });
    ledger.add({ worker: OWN, slot: 1 }, new FakeMirror());
    ledger.writeNow({ layout: [whole(9, ["/"])], order: [9], numbers: new Float64Array([70]) });
    await ledger.close();
    const next = open();
    const found = await readAll(next);
    assert.equal(next.isContinued, true);
    assert.deepEqual(
      found.map(({ worker }) => worker),
      [DEAD, ""],
    );
    assert.deepEqual(errors, []);
  }),
);

test("a write that begins while another runs has the newest numbers", { skip }, () =>
  withLedger(async ({ open }) => {
    const ledger = open();
    const { mirror } = addWorker(ledger, OWN, { "/": 0 });
    const writes = [1, 2, 3].map((n) => {
      mirror.numbers = [n];
      return ledger.write(undefined);
    });
    await Promise.all(writes);
    assert.deepEqual((await readAll(open()))[0]?.numbers, new Float64Array([3]));
    await ledger.close();
  }),
);

test("a journal that something has removed is written anew", { skip }, () =>
  withLedger(async ({ open, folder, errors }) => {
    const ledger = open();
    const { mirror } = addWorker(ledger, OWN, { "/": 1 });
    await ledger.write(undefined);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    await ledger.write(undefined);
    const [found] = await readAll(open());
    assert.deepEqual(found?.layout, [...mirror.layout.pieces()]);
    await ledger.close();
    assert.deepEqual(errors, []);
  }),
);

for (const how of ["write", "writeNow"] as const) {
  test(
    `${how}() writes journals anew that something has removed, also of another hub`,
    { skip },
    () =>
      withLedger(async ({ open, folder, errors }) => {
        const first = open();
        addWorker(first, OWN, { "/": 1 });
        const { mirror } = addWorker(first, DEAD, { "/": 7 });
        await first.write(undefined);
        await first.close();
        const second = open();
        await second.read(() => new FakeMirror());
        await second.write(undefined);
        for (const name of readdirSync(folder)) rmSync(join(folder, name));
        await second[how](undefined);
        await second.close();
        const found = await readAll(open());
        assert.deepEqual(
          found.map(({ worker, numbers }) => [worker, ...(numbers ?? [])]),
          [
            [OWN, 1],
            [DEAD, 7],
          ],
        );
        assert.deepEqual(found[1]?.layout, [...mirror.layout.pieces()]);
        assert.deepEqual(errors, []);
      }),
  );
}

test("a folder that cannot be written is said, and costs nothing else", { skip }, () =>
  withLedger(async ({ open, folder, errors }) => {
    const ledger = open();
    rmSync(folder, { recursive: true });
    addWorker(ledger, OWN, { "/": 1 });
    await ledger.write(undefined);
    ledger.writeNow(undefined);
    assert.match(errors[0] ?? "", /^Cannot keep the counters .*ENOENT/);
    mkdirSync(folder, 0o700);
    await ledger.write(undefined);
    await ledger.close();
    assert.equal((await readAll(open())).length, 1);
  }),
);

test(
  "a full disk is said, and costs neither the last ledger nor the next one",
  { skip: process.getuid?.() !== 0 && "needs root" },
  () =>
    withTempDir(async (folder) => {
      const fixture = fileURLToPath(new URL("../../fixtures/full-disk.ts", import.meta.url));
      const script = `mount -t tmpfs -o size=64k none ${folder}; exec "$0" --import "$1" "$2" ${folder}`;
      const args = ["-m", "sh", "-c", script, process.execPath, TYPESCRIPT, fixture];
      const lines = execFileSync("unshare", args, { encoding: "utf8" }).trimEnd().split("\n");
      assert.equal(lines.length, 4, lines.join());
      assert.match(lines[0] ?? "", /^error Cannot keep the counters/);
      assert.match(lines[1] ?? "", /^error Cannot keep the counters/);
      assert.deepEqual(lines.slice(2), ["kept true", "bytes 1"]);
    }),
);

test("what was being written does not miss the files that are removed at the end", { skip }, () =>
  withLedger(async ({ open, folder, errors }) => {
    const ledger = open();
    const { entry, mirror } = addWorker(ledger, DEAD, { "/": 1 });
    await ledger.write(undefined);
    const text = "x".repeat(40_000);
    for (let i = 0; i < 40; i++) {
      send(entry, mirror, [{ id: 1, splices: [{ at: 0, removed: 1, rows: rows(`${text}${i}`) }] }]);
    }
    const writing = ledger.write(undefined);
    ledger.writeNow(undefined);
    await writing;
    await ledger.close();
    assert.deepEqual(errors, []);
    assert.deepEqual(readdirSync(folder), []);
  }),
);
