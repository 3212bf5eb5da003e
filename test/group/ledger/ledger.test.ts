import assert from "node:assert/strict";
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
import {
  addWorker,
  DEAD,
  FakeMirror,
  OWN,
  readAll,
  rows,
  skip,
  whole,
  withLedger,
} from "./ledgers.ts";

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
