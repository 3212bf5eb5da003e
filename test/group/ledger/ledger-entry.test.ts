import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { turnsUntil } from "../../helpers/turns.ts";
import {
  addWorker,
  COUNTER,
  OWN,
  readAll,
  rows,
  send,
  skip,
  whole,
  withLedger,
} from "./ledgers.ts";

test("only changes of the layout are appended", { skip }, () =>
  withLedger(async ({ open, folder }) => {
    const ledger = open();
    const { mirror, entry } = addWorker(ledger, OWN, { "/": 1 });
    await ledger.write(undefined);
    const journal = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith(".layout")) ?? "",
    );
    const { ino, size } = statSync(journal);
    await ledger.write(undefined);
    assert.equal(statSync(journal).size, size);
    send(entry, mirror, [{ id: 1, splices: [{ at: 1, removed: 0, rows: rows("/new") }] }]);
    // Its numbers have not come: the ledger has the state before.
    mirror.numbers = undefined;
    await ledger.write(undefined);
    const [before] = await readAll(open());
    assert.deepEqual(before?.layout.at(-1), [
      { id: 1, splices: [{ at: 0, removed: 0, rows: rows("/") }] },
    ]);
    assert.deepEqual(before?.numbers, new Float64Array([1]));
    mirror.numbers = [1, 2];
    await ledger.write(undefined);
    const [after] = await readAll(open());
    assert.deepEqual(after?.layout, [...mirror.layout.pieces()]);
    assert.equal(statSync(journal).ino, ino);
    assert.ok(statSync(journal).size - size < 120);
    await ledger.close();
  }),
);

test(
  "gauges, exemplars and native histograms are not kept, families that are gone neither",
  { skip },
  () =>
    withLedger(async ({ open }) => {
      const ledger = open();
      const { mirror, entry } = addWorker(ledger, OWN, { "/": 1 });
      const gauge = { ...COUNTER, type: "gauge" } as const;
      entry.addLayout(whole(2, ["/gauge"], gauge));
      entry.addLayout([{ id: 2, splices: [{ at: 0, removed: 1, rows: [] }] }]);
      entry.addLayout([{ id: 1, exemplars: [[0, 0, null]], natives: [[0, null]] }]);
      // Begun, and without numbers yet.
      send(entry, mirror, whole(3, ["/later"]));
      await ledger.write(undefined);
      send(entry, mirror, [{ id: 3, splices: [{ at: 1, removed: 0, rows: rows("/last") }] }]);
      mirror.order = [3];
      mirror.numbers = [5, 6];
      await ledger.write(undefined);
      // A change of one that is gone.
      entry.addLayout([{ id: 1, splices: [{ at: 0, removed: 1, rows: [] }] }]);
      await ledger.write(undefined);
      const [found] = await readAll(open());
      assert.deepEqual(found?.order, [3]);
      assert.deepEqual(found?.numbers, new Float64Array([5, 6]));
      assert.deepEqual(
        found?.layout
          .flat()
          .map(({ id, head }) => head && [id, head.type])
          .filter(Boolean),
        [
          [1, "counter"],
          [3, "counter"],
        ],
      );
      await ledger.close();
    }),
);

test("a journal of which most has come and gone is rewritten", { skip }, () =>
  withLedger(async ({ open, folder, errors }) => {
    const ledger = open();
    const { mirror, entry } = addWorker(ledger, OWN, {});
    const text = "x".repeat(1_000);
    let largest = 0;
    for (let round = 0; round < 40; round++) {
      const splice = {
        at: 0,
        removed: round === 0 ? 0 : 50,
        rows: rows(...Array(50).fill(`${text}${round}`)),
      };
      send(entry, mirror, [{ id: 1, splices: [splice] }]);
      mirror.numbers = Array(50).fill(round);
      await ledger.write(undefined);
      await ledger.settle();
      const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
      largest = Math.max(largest, ...sizes);
    }
    assert.ok(largest < 1_300_000, `${largest}`);
    assert.equal(readdirSync(folder).length, 2);
    const [found] = await readAll(open());
    assert.deepEqual(found?.layout, [...mirror.layout.pieces()]);
    assert.deepEqual(found?.numbers, new Float64Array(50).fill(39));
    await ledger.close();
    assert.deepEqual(errors, []);
  }),
);

test(
  "numbers that come while a journal is rewritten are written before that is said",
  { skip },
  () =>
    withLedger(async ({ open, folder }) => {
      const ledger = open();
      const { mirror, entry } = addWorker(ledger, OWN, { "/": 1 });
      await ledger.write(undefined);
      const text = "x".repeat(60_000);
      for (let i = 0; i < 20; i++) {
        send(entry, mirror, [
          { id: 1, splices: [{ at: 0, removed: 1, rows: rows(`${text}${i}`) }] },
        ]);
      }
      mirror.numbers = [20];
      const first = ledger.write(undefined);
      const isRewriting = () =>
        readdirSync(folder).filter((file) => file.endsWith(".layout")).length === 2;
      await turnsUntil("the new journal", isRewriting);
      mirror.numbers = [21];
      assert.equal(await ledger.write(undefined), true);
      assert.deepEqual((await readAll(open()))[0]?.numbers, new Float64Array([21]));
      assert.equal(await first, true);
      await ledger.close();
    }),
);

test("changes that come while a journal is rewritten are in the new one", { skip }, () =>
  withLedger(async ({ open, folder, errors }) => {
    const ledger = open();
    const { mirror, entry } = addWorker(ledger, OWN, { "/": 1 });
    await ledger.write(undefined);
    const text = "x".repeat(60_000);
    for (let i = 0; i < 20; i++) {
      send(entry, mirror, [{ id: 1, splices: [{ at: 0, removed: 1, rows: rows(`${text}${i}`) }] }]);
    }
    mirror.numbers = [20];
    let isDone = false;
    await ledger.write(undefined);
    const settled = ledger.settle().then(() => {
      isDone = true;
    });
    const name = entry.journal.name;
    const isRewriting = () =>
      readdirSync(folder).filter((file) => file.endsWith(".layout")).length === 2;
    await turnsUntil("the new journal", isRewriting);
    for (let i = 2; !isDone; i++) {
      send(entry, mirror, [{ id: 1, splices: [{ at: 1, removed: 0, rows: rows(`${i}`) }] }]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await settled;
    assert.notEqual(entry.journal.name, name);
    mirror.numbers = [...mirror.layout.pieces()]
      .flatMap((piece) => piece[0]?.splices?.[0]?.rows ?? [])
      .map(() => 1);
    await ledger.write(undefined);
    assert.deepEqual((await readAll(open()))[0]?.layout, [...mirror.layout.pieces()]);
    await ledger.close();
    assert.deepEqual(errors, []);
  }),
);
