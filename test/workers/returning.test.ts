/** A process or thread that closes its server and lives on may listen again: what it has counted counts once. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { Application } from "../helpers/workers/application.ts";
import { eventually } from "../helpers/workers/reading.ts";
import { cutDown } from "../helpers/workers/topologies.ts";
import type { Worker } from "../helpers/workers/worker.ts";

const skip = process.platform === "win32" && "each process serves for itself";

/** Has workers count, and returns the sum of all that any of them has counted. */
function counting(): (worker: Worker, by: number) => Promise<number> {
  let sum = 0;
  return async (worker, by) => {
    await worker.tell("inc", "jobs_total", by);
    sum += by;
    return sum;
  };
}

/** Waits until so many workers answer, and asserts that no sum is wrong until then. */
async function settled(app: Application, up: number, sum: number): Promise<void> {
  const reading = await eventually(
    `${up} workers`,
    () => app.scrape(),
    (found) => found.workers("up") === up,
  );
  assert.equal(reading.value("jobs_total"), sum);
}

for (const kind of ["cluster", "thread"] as const) {
  test(`a ${kind} worker that listens again counts once`, { skip }, async () => {
    await using app = await Application.open({ kind, count: 2 });
    const [root, member] = app.workers as [Worker, Worker];
    const count = counting();
    await count(root, 1);
    await count(member, 10);
    for (let round = 0; round < 2; round++) {
      await settled(app, 2, await count(member, 100));
      const sum = await count(member, 1_000);
      await member.tell("close");
      await settled(app, 1, sum);
      await count(member, 10_000);
      await app.join(member);
    }
    await settled(app, 2, await count(root, 1));

    // The hub, which is its parent.
    await count(root, 2);
    const sum = await count(member, 20);
    await root.tell("close");
    await settled(app, 1, sum);
    await count(root, 200);
    await app.join(root);
    await settled(app, 2, await count(root, 2_000));
  });
}

test("the only process that listens again counts once, and keeps what others have counted", {
  skip,
}, async () => {
  await using app = await Application.open({ kind: "fork", count: 2 });
  const [root, member] = app.workers as [Worker, Worker];
  const count = counting();
  await count(root, 1);
  await settled(app, 2, await count(member, 10));
  await cutDown(app, member);
  for (let round = 0; round < 2; round++) {
    await settled(app, 1, await count(root, 100));
    await count(root, 1_000);
    await root.tell("close");
    await count(root, 10_000);
    await app.join(root);
  }
  await settled(app, 1, await count(root, 1));
});

test("a process that starts while the only one has closed goes on with its sums", {
  skip,
}, async () => {
  await using app = await Application.open({ kind: "fork", count: 1 });
  const count = counting();
  const { root } = app;
  await settled(app, 1, await count(root, 10));
  await root.tell("close");
  const other = await app.addWorker();
  await settled(app, 1, await count(other, 100));
  await count(root, 1_000);
  await app.join(root);
  await settled(app, 2, await count(root, 10_000));
});

test("a hub that is killed between the end and the return of a worker loses nothing", {
  skip,
}, async () => {
  await using app = await Application.open({ kind: "fork", isRootServing: false, count: 3 });
  const [hub, next, member] = app.workers as [Worker, Worker, Worker];
  const count = counting();
  await count(hub, 1);
  await count(next, 10);
  await settled(app, 3, await count(member, 100));
  await member.tell("close");
  await settled(app, 2, await count(next, 10));
  await cutDown(app, hub);
  await settled(app, 1, await count(next, 10));
  await count(member, 1_000);
  await app.join(member);
  await settled(app, 2, await count(member, 1_000));

  // Alone with one that has closed.
  await member.tell("close");
  await settled(app, 1, await count(next, 10));
  await cutDown(app, next);
  await count(member, 1_000);
  await app.join(member);
  await settled(app, 1, await count(member, 1));
});

test("what is counted while a handler leaves is not lost when the process exits", {
  skip,
}, async () => {
  const options = { workers: { group: "exit" } };
  await using app = await Application.open({ kind: "fork", count: 2, options });
  const [root, member] = app.workers as [Worker, Worker];
  const count = counting();
  await count(root, 1);
  await settled(app, 2, await count(member, 10));
  await member.tell("attend", options);
  await member.tell("close");
  // From now on the handler reports.
  await settled(app, 2, 11);
  await app.join(member);
  // The hub does not confirm that it has the last numbers of the handler.
  const release = await app.block(root);
  await member.tell("closeHandler");
  await member.tell("inc", "jobs_total", 100);
  await member.end("exit");
  await release();
  await settled(app, 1, 111);
});

test("the last process leaves no files when it ends after it has closed", { skip }, async () => {
  const app = await Application.open({ kind: "fork", count: 2 });
  try {
    const [root, member] = app.workers as [Worker, Worker];
    const count = counting();
    await count(root, 1);
    await settled(app, 2, await count(member, 1));
    await member.tell("close");
    await root.tell("close");
    const files = () => readdirSync(`${app.folder}/run`);
    assert.deepEqual(files().filter((name) => name.endsWith(".ledger")).length, 1);
    await member.end("exit");
    const { folder } = app;
    await root.end("exit");
    assert.deepEqual(readdirSync(`${folder}/run`), []);
  } finally {
    await app.close();
  }
});
