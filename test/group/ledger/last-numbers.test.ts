import assert from "node:assert/strict";
import {
  existsSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { LayoutPiece, Snapshot } from "../../../src/gatherers/remote/snapshot.ts";
import {
  readLastNumbers,
  removeLastNumbers,
  workersWithLastNumbers,
  writeLastNumbers,
} from "../../../src/group/ledger/last-numbers.ts";
import { parseWorkerId } from "../../../src/group/worker-id.ts";
import { forkFixture, TYPESCRIPT } from "../../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";
import { within } from "../../helpers/within.ts";

const UID = process.geteuid?.() ?? 0;
const KEY = "0123456789abcdef";
const WORKER = "42-7-0";
const skip = process.platform === "win32" && "needs unix files";

/** One that no socket takes in an exit handler. */
function largeSnapshot(): Snapshot {
  const rows = Array.from({ length: 100_000 }, (_, i) => [0, `/${i}`] as const);
  const piece: LayoutPiece = [
    {
      id: 1,
      head: { name: "requests_total", help: "é", type: "counter" },
      shapes: [{ names: ["path"], bounds: [] }],
      splices: [{ at: 0, removed: 0, rows }],
    },
  ];
  const numbers = Float64Array.from(rows, (_, i) => i / 3);
  return { layout: [piece, [{ id: 1, exemplars: [] }]], order: [1], isPartial: false, numbers };
}

function placeIn(folder: string) {
  return { folder: { ledgerPath: folder, uid: UID }, key: KEY };
}

test("what a worker has written is read until it is removed", { skip }, () =>
  withTempDir(async (folder) => {
    const place = placeIn(folder);
    const snapshot = largeSnapshot();
    writeLastNumbers(place, WORKER, snapshot);
    assert.deepEqual(readdirSync(folder), [`${KEY}.${WORKER}.last`]);
    assert.equal(statSync(join(folder, `${KEY}.${WORKER}.last`)).mode & 0o777, 0o600);
    assert.deepEqual(workersWithLastNumbers(place), [WORKER]);
    assert.deepEqual(await readLastNumbers(place, WORKER), snapshot);
    assert.deepEqual(await readLastNumbers(place, WORKER), snapshot);
    removeLastNumbers(place, WORKER);
    assert.deepEqual(readdirSync(folder), []);
    assert.equal(await readLastNumbers(place, WORKER), undefined);
  }),
);

test("a snapshot without families can be written, too", { skip }, () =>
  withTempDir(async (folder) => {
    const empty = { layout: [], order: [], isPartial: false, numbers: new Float64Array(0) };
    writeLastNumbers(placeIn(folder), WORKER, empty);
    assert.deepEqual(await readLastNumbers(placeIn(folder), WORKER), empty);
  }),
);

test("what is not whole, not ours or a link is left", { skip }, () =>
  withTempDir(async (folder) => {
    const place = placeIn(folder);
    const path = join(folder, `${KEY}.${WORKER}.last`);
    writeLastNumbers(place, WORKER, largeSnapshot());
    truncateSync(path, statSync(path).size - 8);
    await assert.rejects(readLastNumbers(place, WORKER));
    writeFileSync(join(folder, "target"), "");
    symlinkSync(join(folder, "target"), join(folder, `${KEY}.43-7-0.last`));
    await assert.rejects(readLastNumbers(place, "43-7-0"), { message: /is a link$/ });
    truncateSync(path, 2 ** 30);
    await assert.rejects(readLastNumbers(place, WORKER), { message: /is longer than/ });
    assert.ok(existsSync(path));
  }),
);

test("a worker that names a path is refused", { skip }, () =>
  withTempDir(async (folder) => {
    await assert.rejects(readLastNumbers(placeIn(folder), "../../etc/passwd"), {
      message: /is not a worker$/,
    });
    assert.throws(() => writeLastNumbers(placeIn(folder), "../x", largeSnapshot()));
  }),
);

test("workersWithLastNumbers() lists those of its group", { skip }, () =>
  withTempDir(async (folder) => {
    const names = [
      "fedcba9876543210.1-1-0.last",
      `${KEY}.x.last`,
      `${KEY}.2-1-0.last`,
      `${KEY}.3-1-0.last.tmp`,
    ];
    for (const name of names) writeFileSync(join(folder, name), "");
    assert.deepEqual(workersWithLastNumbers(placeIn(folder)), ["2-1-0"]);
  }),
);

for (const way of ["exit", "return", "throw"]) {
  test(`a process that ends with ${way} writes all of its last numbers`, { skip }, () =>
    withTempDir(async (folder) => {
      await forkFixture("last-numbers.ts", [folder, KEY, way]).exit();
      const [worker = ""] = workersWithLastNumbers(placeIn(folder));
      const snapshot = await readLastNumbers(placeIn(folder), worker);
      assert.equal(snapshot?.numbers.length, 100_000);
      assert.equal(snapshot?.numbers.at(-1), 99_999);
    }),
  );

  test(`a thread that ends with ${way} writes all of its last numbers`, { skip }, () =>
    withTempDir(async (folder) => {
      const worker = new Worker(new URL("../../fixtures/last-numbers.ts", import.meta.url), {
        argv: [folder, KEY, way],
        execArgv: ["--import", TYPESCRIPT],
      });
      worker.on("error", () => {});
      await within("its end", new Promise((resolve) => worker.once("exit", resolve)));
      const [id = ""] = workersWithLastNumbers(placeIn(folder));
      assert.notEqual(parseWorkerId(id)?.thread, 0);
      assert.equal((await readLastNumbers(placeIn(folder), id))?.numbers.length, 100_000);
    }),
  );
}
