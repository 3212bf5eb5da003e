import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MergedFamilies } from "../../../../src/gatherers/remote/merged-families.ts";
import type { LayoutPiece } from "../../../../src/gatherers/remote/snapshot.ts";
import {
  applyLayout,
  applyNumbers,
  KeptWorker,
  type Mirrored,
  renew,
} from "../../../../src/group/hub/leaving/kept-worker.ts";
import { Ledger } from "../../../../src/group/ledger/ledger.ts";
import { ownWorkerId } from "../../../../src/group/worker-id.ts";
import { withTempDir } from "../../../helpers/with-temp-dir.ts";
import { settingsOf } from "../hubs.ts";

const skip = process.platform === "win32" && "needs unix files";

const SPLICES = [{ at: 0, removed: 0, rows: [[0, "/"]] as const }];
const SHAPES = [{ names: ["path"], bounds: [] }];
const NAME = { worker: ownWorkerId(), slot: 0 };

function whole(id: number, name: string): LayoutPiece {
  return [{ id, head: { name, help: "", type: "counter" }, shapes: SHAPES, splices: SPLICES }];
}

function moreRows(id: number): LayoutPiece {
  return [{ id, splices: [{ at: 1, removed: 0, rows: [[0, "/more"]] }] }];
}

/** The numbers of families, by id. */
function numbersOf(values: Readonly<Record<number, number>>, isPartial = false) {
  const order = Object.keys(values).map(Number);
  return { order, isPartial, numbers: new Float64Array(Object.values(values)) };
}

/** The ledgers of one group, of a hub after the other. */
class Hubs {
  readonly #folder: string;
  ledger: Ledger;
  worker: Mirrored;

  constructor(folder: string) {
    this.#folder = folder;
    this.ledger = this.#open();
    const mirror = new MergedFamilies(settingsOf()).createMirror();
    this.worker = { mirror, kept: new KeptWorker(this.ledger, NAME, mirror) };
  }

  #open(): Ledger {
    return new Ledger({
      folder: { ledgerPath: this.#folder, uid: process.geteuid?.() ?? 0 },
      key: "0123456789abcdef",
      seat: { check: async () => "ours", checkNow: () => "ours" },
      log: { error: assert.ifError, settled: () => {} },
    });
  }

  /** Writes the ledger, and says what the next hub would read: the sum of each family. */
  async kept(): Promise<Readonly<Record<string, number>>> {
    assert.equal(await this.ledger.write(undefined), true);
    await this.ledger.settle();
    const next = this.#open();
    const found = await next.read(() => new MergedFamilies(settingsOf()).createMirror());
    await next.close();
    const families = found.flatMap(({ mirror }) => mirror.families);
    return Object.fromEntries(
      families.map(({ head, numbers }) => [head.name, numbers.reduce((sum, n) => sum + n, 0)]),
    );
  }

  /** Lets another hub go on with what the ledger says, to which the worker returns. */
  async change(): Promise<void> {
    const next = this.#open();
    const [found] = await next.read(() => new MergedFamilies(settingsOf()).createMirror());
    assert.ok(found);
    const { mirror, entry } = found;
    await this.ledger.close();
    this.ledger = next;
    this.worker = { mirror, kept: new KeptWorker(next, NAME, mirror, entry) };
    renew(this.worker);
  }
}

function withHubs(run: (hubs: Hubs) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const hubs = new Hubs(folder);
    await run(hubs);
    await hubs.ledger.close();
  });
}

test("what a worker has given is kept while its layout changes", { skip }, () =>
  withHubs(async (hubs) => {
    const { worker } = hubs;
    // It was late, so that nothing was written between its first numbers and its next answer.
    applyLayout(worker, whole(1, "a_total"));
    applyNumbers(worker, numbersOf({ 1: 6 }));
    applyLayout(worker, whole(2, "b_total"));
    assert.deepEqual(await hubs.kept(), { a_total: 6 });

    applyNumbers(worker, numbersOf({ 1: 7, 2: 1 }));
    applyLayout(worker, whole(3, "c_total"));
    applyLayout(worker, whole(4, "d_total"));
    assert.deepEqual(await hubs.kept(), { a_total: 7, b_total: 1 });
  }),
);

test("a partial answer after a change of the hub leaves the other families", { skip }, () =>
  withHubs(async (hubs) => {
    applyLayout(hubs.worker, [...whole(1, "a_total"), ...whole(2, "b_total")]);
    applyNumbers(hubs.worker, numbersOf({ 1: 6, 2: 1 }));
    assert.deepEqual(await hubs.kept(), { a_total: 6, b_total: 1 });
    for (let count = 2; count < 5; count++) {
      await hubs.change();
      assert.deepEqual(await hubs.kept(), { a_total: 6, b_total: count - 1 });
      applyLayout(hubs.worker, whole(1, "b_total"));
      applyNumbers(hubs.worker, numbersOf({ 1: count }, true));
      assert.deepEqual(await hubs.kept(), { a_total: 6, b_total: count });
    }
    applyLayout(hubs.worker, whole(2, "c_total"));
    applyNumbers(hubs.worker, numbersOf({ 1: 5, 2: 1 }));
    assert.deepEqual(await hubs.kept(), { b_total: 5, c_total: 1 });
  }),
);

test("a worker that returns before its numbers have come is kept as it was", { skip }, () =>
  withHubs(async (hubs) => {
    const { worker } = hubs;
    applyLayout(worker, whole(1, "a_total"));
    applyNumbers(worker, numbersOf({ 1: 6 }));
    applyLayout(worker, moreRows(1));
    applyLayout(worker, whole(2, "b_total"));
    renew(worker);
    assert.deepEqual(await hubs.kept(), { a_total: 6 });
    applyLayout(worker, whole(1, "b_total"));
    applyNumbers(worker, numbersOf({ 1: 2 }, true));
    assert.deepEqual(await hubs.kept(), { a_total: 6, b_total: 2 });
    applyLayout(worker, whole(2, "a_total"));
    renew(worker);
    assert.deepEqual(await hubs.kept(), { a_total: 6, b_total: 2 });
  }),
);

test("a worker that returns before any numbers have come is not kept", { skip }, () =>
  withHubs(async (hubs) => {
    applyLayout(hubs.worker, whole(1, "a_total"));
    renew(hubs.worker);
    applyLayout(hubs.worker, whole(1, "b_total"));
    assert.deepEqual(await hubs.kept(), {});
    applyNumbers(hubs.worker, numbersOf({ 1: 1 }));
    assert.deepEqual(await hubs.kept(), { b_total: 1 });
  }),
);

test("many changes of the hub do not make the ledger longer", { skip }, () =>
  withTempDir(async (folder) => {
    const hubs = new Hubs(folder);
    const names = Array.from({ length: 100 }, (_, index) => `n${index}_total`);
    const answer = (value: number) => {
      for (const [index, name] of names.entries()) applyLayout(hubs.worker, whole(index, name));
      const values = names.map((_, index) => [index, value] as const);
      applyNumbers(hubs.worker, numbersOf(Object.fromEntries(values)));
    };
    const sizeOf = () => {
      const files = readdirSync(folder);
      return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    };
    answer(1);
    const expected = Object.fromEntries(names.map((name) => [name, 1]));
    assert.deepEqual(await hubs.kept(), expected);
    const size = sizeOf();
    for (let count = 0; count < 10; count++) {
      await hubs.change();
      answer(1);
      assert.deepEqual(await hubs.kept(), expected);
      assert.deepEqual(await hubs.kept(), expected);
    }
    assert.ok(sizeOf() < 3 * size, `${sizeOf()} bytes, ${size} before`);
    await hubs.ledger.close();
  }),
);
