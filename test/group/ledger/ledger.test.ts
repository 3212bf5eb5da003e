import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type {
  FamilyHead,
  LayoutPiece,
  Row,
  Snapshot,
} from "../../../src/gatherers/remote/snapshot.ts";
import { CompactLayout } from "../../../src/group/ledger/compact-layout.ts";
import { writeLastNumbers } from "../../../src/group/ledger/last-numbers.ts";
import { type KeptMirror, Ledger } from "../../../src/group/ledger/ledger.ts";
import type { LedgerEntry } from "../../../src/group/ledger/ledger-entry.ts";
import { ownWorkerId } from "../../../src/group/worker-id.ts";
import { TYPESCRIPT } from "../../helpers/processes/fork-fixture.ts";
import { turnsUntil } from "../../helpers/turns.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const UID = process.geteuid?.() ?? 0;
const KEY = "0123456789abcdef";
const OWN = ownWorkerId();
const DEAD = "4194304-1-0";
const skip = process.platform === "win32" && "needs unix files";

const COUNTER: FamilyHead = { name: "requests_total", help: "Requests.", type: "counter" };

/** What was applied to it, and what it has. */
class FakeMirror implements KeptMirror {
  readonly layout = new CompactLayout();
  applied: Omit<Snapshot, "layout"> | undefined;
  numbers: readonly number[] | undefined;
  order: readonly number[] = [1];

  applyLayout(piece: unknown): void {
    // Cast: it is what a ledger has read.
    this.layout.apply(piece as LayoutPiece);
  }

  applyNumbers(rest: Omit<Snapshot, "layout">): void {
    this.applied = rest;
    this.numbers = [...rest.numbers];
    this.order = rest.order;
  }

  takeNumbers() {
    const { order, numbers } = this;
    return numbers && { order, numbers: new Float64Array(numbers) };
  }
}

interface Opened {
  readonly folder: string;
  readonly path: string;
  readonly errors: string[];
  /** Whether this process is the hub. */
  state: "ours" | "taken" | "gone";
  /** Makes its socket anew. */
  renew(): void;
  open(): Ledger;
}

function withLedger(test: (opened: Opened) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const errors: string[] = [];
    const opened: Opened = {
      folder,
      path: join(folder, `${KEY}.ledger`),
      errors,
      state: "ours",
      renew: () => {},
      open: () =>
        new Ledger({
          folder: { ledgerPath: folder, uid: UID },
          key: KEY,
          seat: {
            async check() {
              if (opened.state === "gone") opened.renew();
              return opened.state;
            },
            checkNow: () => opened.state,
          },
          log: {
            error: (message, error) => void errors.push(`${message}: ${error}`),
            settled: () => {},
          },
        }),
    };
    await test(opened);
  });
}

/** Lets a worker send changes of its layout. */
function send(entry: LedgerEntry, mirror: FakeMirror, piece: LayoutPiece): void {
  mirror.applyLayout(piece);
  entry.addLayout(piece);
}

function rows(...values: readonly string[]): readonly Row[] {
  return values.map((value) => [0, value] as const);
}

function whole(id: number, values: readonly string[], head = COUNTER): LayoutPiece {
  const shapes = [{ names: ["path"], bounds: [] }];
  return [{ id, head, shapes, splices: [{ at: 0, removed: 0, rows: rows(...values) }] }];
}

/** A worker with one counter. */
function addWorker(ledger: Ledger, worker: string, values: Readonly<Record<string, number>>) {
  const mirror = new FakeMirror();
  const entry = ledger.add({ worker, slot: worker === OWN ? 0 : 3 }, mirror);
  send(entry, mirror, whole(1, Object.keys(values)));
  mirror.numbers = Object.values(values);
  return { mirror, entry };
}

async function readAll(ledger: Ledger) {
  const found = await ledger.read(() => new FakeMirror());
  return found.map(({ worker, slot, mirror }) => ({
    worker,
    slot,
    layout: [...mirror.layout.pieces()],
    ...mirror.applied,
  }));
}

test("the next hub reads what was written, with every bit of the numbers", { skip }, () =>
  withLedger(async ({ open, folder, path }) => {
    const values = { "/": 0.1 + 0.2, "/a": Number.NaN, "/b": Number.NEGATIVE_INFINITY, "é\n": -0 };
    const ledger = open();
    const { mirror } = addWorker(ledger, OWN, values);
    addWorker(ledger, DEAD, { "/": 7 });
    await ledger.write(undefined);
    await ledger.close();
    const files = readdirSync(folder);
    assert.equal(files.length, 3);
    for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);

    const next = open();
    const [own, dead] = await readAll(next);
    assert.deepEqual(own, {
      worker: OWN,
      slot: 0,
      layout: [...mirror.layout.pieces()],
      order: [1],
      isPartial: false,
      numbers: new Float64Array(Object.values(values)),
    });
    assert.equal(dead?.worker, DEAD);
    assert.deepEqual(dead?.numbers, new Float64Array([7]));
    assert.deepEqual(readdirSync(folder), files);
    assert.ok(existsSync(path));
    await next.close();
  }),
);

test("what was read is written again as it stands, until it is removed", { skip }, () =>
  withLedger(async ({ open, folder }) => {
    const ledger = open();
    addWorker(ledger, OWN, { "/": 1 });
    addWorker(ledger, DEAD, { "/": 7 });
    await ledger.write(undefined);
    await ledger.close();

    const second = open();
    const [, dead] = await second.read(() => new FakeMirror());
    await second.write(undefined);
    assert.ok(dead);
    second.remove(dead.entry);
    await second.write(undefined);
    await second.close();
    assert.deepEqual(
      (await readAll(open())).map(({ worker, numbers }) => [worker, ...(numbers ?? [])]),
      [[OWN, 1]],
    );
    // Its journal has gone, too.
    assert.equal(readdirSync(folder).length, 2);
  }),
);

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

test("the retained totals are kept, and written again while they do not change", { skip }, () =>
  withLedger(async ({ open }) => {
    const ledger = open();
    addWorker(ledger, OWN, { "/": 1 });
    await ledger.write({
      layout: [whole(9, ["/dead"])],
      order: [9],
      numbers: new Float64Array([70]),
    });
    await ledger.write(undefined);
    const more = [{ id: 9, splices: [{ at: 1, removed: 0, rows: rows("/dead2") }] }];
    await ledger.write({ layout: [more], order: [9], numbers: new Float64Array([70, 1]) });
    await ledger.write(undefined);
    await ledger.close();
    const found = await readAll(open());
    const retained = found.find(({ worker }) => worker === "");
    assert.deepEqual(retained?.numbers, new Float64Array([70, 1]));
  }),
);

test(
  "counters start at 0, and the files are gone, when no process of the group is left",
  { skip },
  () =>
    withLedger(async ({ open, folder, errors }) => {
      const ledger = open();
      addWorker(ledger, DEAD, { "/": 7 });
      await ledger.write({
        layout: [whole(9, ["/"])],
        order: [9],
        numbers: new Float64Array([70]),
      });
      await ledger.close();
      assert.deepEqual(await readAll(open()), []);
      assert.deepEqual(readdirSync(folder), []);
      assert.deepEqual(errors, []);
    }),
);

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

const UNREADABLE: readonly [what: string, reason: RegExp, spoil: (path: string) => void][] = [
  [
    "a link",
    /is a link$/,
    (path) => {
      renameSync(path, `${path}-target`);
      symlinkSync(`${path}-target`, path);
    },
  ],
  ["hard-linked", /has several names$/, (path) => linkSync(path, `${path}-second`)],
  ["1 GB long", /is longer than \d+ bytes$/, (path) => truncateSync(path, 2 ** 30)],
  ["cut", /The file was cut$|not allowed$/, (path) => truncateSync(path, statSync(path).size - 1)],
  ["cut to nothing", /The file was cut$/, (path) => truncateSync(path, 0)],
  [
    "changed",
    /checksum of the file is wrong$/,
    (path) => {
      const bytes = readFileSync(path);
      bytes[60] = 1 ^ (bytes[60] ?? 0);
      writeFileSync(path, bytes);
    },
  ],
  [
    "a folder",
    /is not a regular file$/,
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
];

for (const [what, reason, spoil] of UNREADABLE) {
  test(`a ledger that is ${what} is left, with one line`, { skip }, () =>
    withLedger(async ({ open, path, errors }) => {
      const ledger = open();
      addWorker(ledger, OWN, { "/": 1 });
      await ledger.write(undefined);
      await ledger.close();
      spoil(path);
      const { ino, size } = statSync(path);
      assert.deepEqual(await readAll(open()), []);
      assert.equal(errors.length, 1);
      assert.match(errors[0] ?? "", reason);
      assert.deepEqual([statSync(path).ino, statSync(path).size], [ino, size]);
    }),
  );
}

test("a ledger of another user is left", { skip: process.getuid?.() !== 0 && "needs root" }, () =>
  withLedger(async ({ open, path, errors }) => {
    const ledger = open();
    addWorker(ledger, OWN, { "/": 1 });
    await ledger.write(undefined);
    await ledger.close();
    chownSync(path, 65_534, 65_534);
    assert.deepEqual(await readAll(open()), []);
    assert.match(errors.join(), /belongs to another user$/);
  }),
);

test("a link is replaced by the next ledger, and not followed", { skip }, () =>
  withLedger(async ({ open, folder, path }) => {
    const target = join(folder, "target");
    writeFileSync(target, "precious");
    symlinkSync(target, path);
    const ledger = open();
    await readAll(ledger);
    addWorker(ledger, OWN, { "/": 1 });
    await ledger.write(undefined);
    await ledger.close();
    assert.equal(readFileSync(target, "utf8"), "precious");
    assert.equal((await readAll(open())).length, 1);
  }),
);

test("a layout that cannot be read costs its worker alone", { skip }, () =>
  withLedger(async ({ open, folder, errors }) => {
    const ledger = open();
    addWorker(ledger, DEAD, { "/": 7 });
    await ledger.write(undefined);
    const [journal = ""] = readdirSync(folder).filter((name) => name.endsWith(".layout"));
    addWorker(ledger, OWN, { "/": 1 });
    await ledger.write(undefined);
    await ledger.close();
    truncateSync(join(folder, journal), 10);
    assert.deepEqual(
      (await readAll(open())).map(({ worker }) => worker),
      [OWN],
    );
    assert.match(errors.join(), /is not what was written$/);
  }),
);

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

test("a hub that loses its seat while it reads removes nothing of another", { skip }, () =>
  withLedger(async (opened) => {
    const late = opened.open();
    const other = opened.open();
    addWorker(other, DEAD, { "/": 1 });
    await other.write(undefined);
    const files = readdirSync(opened.folder);
    opened.state = "taken";
    assert.deepEqual(await readAll(late), []);
    assert.deepEqual(readdirSync(opened.folder), files);
    await Promise.all([late.close(), other.close()]);
  }),
);

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
    const writing = ledger.write(undefined).then(() => {
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
    await writing;
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
  "a folder in the place of the ledger is said, and costs no more files at each scrape",
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
