import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeLastNumbers } from "../../../src/group/ledger/last-numbers.ts";
import { addWorker, DEAD, KEY, OWN, readAll, skip, UID, whole, withLedger } from "./ledgers.ts";

test("the files of other groups stay", { skip }, () =>
  withLedger(async ({ open, folder }) => {
    const others = ["fedcba9876543210.ledger", "fedcba9876543210.x.layout", `${KEY}.sock`];
    for (const name of others) writeFileSync(join(folder, name), "");
    writeFileSync(join(folder, `${KEY}.x-1.layout`), "");
    writeFileSync(join(folder, `${KEY}.x-2.tmp`), "");
    const ledger = open();
    assert.deepEqual(await readAll(ledger), []);
    assert.deepEqual(readdirSync(folder).sort(), [...others].sort());
  }),
);

test("last numbers are removed when they are in the ledger, which remembers that", { skip }, () =>
  withLedger(async (opened) => {
    const { folder, open } = opened;
    const place = { folder: { ledgerPath: folder, uid: UID }, key: KEY };
    const last = { layout: [whole(1, ["/"])], order: [1], numbers: new Float64Array([1]) };
    const ledger = open();
    addWorker(ledger, OWN, { "/": 1 });
    writeLastNumbers(place, DEAD, last);
    const lastPath = join(folder, `${KEY}.${DEAD}.last`);
    ledger.leave(DEAD);
    opened.state = "gone";
    assert.equal(await ledger.write(undefined), false);
    assert.equal(existsSync(lastPath), true);
    opened.state = "ours";
    assert.equal(await ledger.write(undefined), true);
    assert.equal(existsSync(lastPath), false);
    await ledger.close();
    const next = open();
    assert.equal(next.hasLeft(DEAD), false);
    await readAll(next);
    assert.equal(next.hasLeft(DEAD), true);
  }),
);

test(
  "a ledger remembers the last thousand of those that have left, and removes all files",
  { skip },
  () =>
    withLedger(async ({ folder, open }) => {
      const place = { folder: { ledgerPath: folder, uid: UID }, key: KEY };
      const last = { layout: [], order: [], numbers: new Float64Array() };
      const workers = Array.from({ length: 1_500 }, (_, index) => DEAD.replace(/0$/, `${index}`));
      const ledger = open();
      addWorker(ledger, OWN, { "/": 1 });
      for (const worker of workers) {
        writeLastNumbers(place, worker, last);
        ledger.leave(worker);
      }
      await ledger.write(undefined);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.endsWith(".last")),
        [],
      );
      assert.deepEqual(
        workers.map((worker) => ledger.hasLeft(worker)),
        workers.map((_, index) => index >= workers.length - 1_024),
      );
      await ledger.close();
    }),
);

test("workers that come and go between two scrapes leave no files", { skip }, () =>
  withLedger(async ({ open, folder }) => {
    const ledger = open();
    addWorker(ledger, OWN, { "/": 1 });
    await ledger.write(undefined);
    const before = readdirSync(folder);
    for (let i = 0; i < 10; i++) {
      const { entry } = addWorker(ledger, `${4_194_304 + i}-1-0`, { "/": 7 });
      ledger.remove(entry);
    }
    await ledger.close();
    assert.deepEqual(readdirSync(folder), before);
  }),
);

test(
  "a folder that has the name of the ledger is reported, and scrapes leave no further files behind",
  { skip },
  () =>
    withLedger(async ({ open, folder, path, errors }) => {
      const ledger = open();
      addWorker(ledger, OWN, { "/": 1 });
      mkdirSync(path);
      await ledger.write(undefined);
      const before = readdirSync(folder);
      await ledger.write(undefined);
      ledger.writeNow(undefined);
      await ledger.close();
      assert.deepEqual(readdirSync(folder), before);
      assert.match(errors[0] ?? "", /^Cannot keep the counters .*EISDIR/);
      assert.equal(before.filter((name) => name.endsWith(".tmp")).length, 0);
    }),
);

test("a thousand workers that come and go leave nothing", { skip }, () =>
  withLedger(async ({ open, folder }) => {
    const ledger = open();
    addWorker(ledger, OWN, { "/": 1 });
    for (let i = 0; i < 1_000; i++) {
      const { entry } = addWorker(ledger, `${4_194_304 + i}-1-0`, { "/": 7 });
      if (i % 100 === 0) await ledger.write(undefined);
      ledger.remove(entry);
    }
    await ledger.write(undefined);
    assert.equal(readdirSync(folder).length, 2);
    await ledger.close();
  }),
);
