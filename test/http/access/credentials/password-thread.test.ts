import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { PasswordThread } from "../../../../src/http/access/credentials/password-thread.ts";
import { forkNode, TYPESCRIPT } from "../../../helpers/processes/fork-fixture.ts";
import { turnsUntil } from "../../../helpers/turns.ts";
import { withTempDir } from "../../../helpers/with-temp-dir.ts";

const SALT = "7tOSqcC1wdfkfhZTN6Fbje";

/** What `crypt()` of libxcrypt makes of passwords. */
const HASHES: readonly [password: string, hash: string][] = [
  ["secret", `$2y$04$${SALT}YgnXcUqScCu7MWTKTcBPjhPzW/12lH.`],
  ["secret", `$2a$04$${SALT}YgnXcUqScCu7MWTKTcBPjhPzW/12lH.`],
  ["secret", `$2b$05$${SALT}HftSxl2fScccqfc0Abr9v0LXnbknk.y`],
  ["pässwörd ☃", `$2y$04$${SALT}3xndByVD3fKz2wT2TsG5U9hVZFiMo8C`],
  ["x".repeat(72), `$2y$04$${SALT}pV/ig0Vm3IK./3oxMSMYvgESXpYjt4i`],
];
const [, SECRET = ""] = HASHES[0] ?? [];

let running = 0;
let started = 0;
process.on("worker", (worker) => {
  running++;
  started++;
  worker.once("exit", () => running--);
});

/** Runs a test with a thread that does not outlive it. */
async function withThread(
  test: (thread: PasswordThread) => Promise<void>,
  idleMs?: number,
): Promise<void> {
  started = 0;
  const thread = new PasswordThread(idleMs);
  try {
    await test(thread);
  } finally {
    thread.close();
  }
  await turnsUntil("the thread to end", () => running === 0);
}

test("a password is right for its hash, and only for that", () =>
  withThread(async (thread) => {
    for (const [password, hash] of HASHES) {
      assert.equal(await thread.compare({ password, hashes: [hash] }), true, hash);
      const wrong = `${password.slice(0, -1)}?`;
      assert.equal(await thread.compare({ password: wrong, hashes: [hash] }), false, hash);
    }
    assert.equal(started, 1);
  }));

test("bcrypt ignores what comes after 72 bytes", () =>
  withThread(async (thread) => {
    const hashes = [HASHES.at(-1)?.[1] ?? ""];
    assert.equal(await thread.compare({ password: "x".repeat(73), hashes }), true);
    assert.equal(await thread.compare({ password: "x".repeat(71), hashes }), false);
  }));

test("a thread that has died without work is replaced", () =>
  withThread(async (thread) => {
    let worker: Worker | undefined;
    process.once("worker", (created) => {
      worker = created;
    });
    assert.equal(await thread.compare({ password: "secret", hashes: [SECRET] }), true);
    await worker?.terminate();
    assert.equal(await thread.compare({ password: "secret", hashes: [SECRET] }), true);
    assert.equal(started, 2);
  }));

test("only the first hash decides", () =>
  withThread(async (thread) => {
    const other = HASHES[3]?.[1] ?? "";
    assert.equal(await thread.compare({ password: "secret", hashes: [other, SECRET] }), false);
    assert.equal(await thread.compare({ password: "secret", hashes: [SECRET, other] }), true);
  }));

test("a thread that fails rejects, and another takes its place", () =>
  withThread(async (thread) => {
    const unknown = SECRET.replace("$2y", "$2x");
    await assert.rejects(thread.compare({ password: "secret", hashes: [unknown] }));
    assert.equal(await thread.compare({ password: "secret", hashes: [SECRET] }), true);
  }));

test("a thread without work ends, and starts again when there is some", () =>
  withThread(async (thread) => {
    assert.equal(await thread.compare({ password: "secret", hashes: [SECRET] }), true);
    await turnsUntil("the thread to end", () => running === 0);
    assert.equal(await thread.compare({ password: "secret", hashes: [SECRET] }), true);
    assert.equal(started, 2);
  }, 1));

test("a thread keeps no process alive, and runs nothing that the process preloads", async () => {
  await withTempDir(async (directory) => {
    const agent = join(directory, "agent.cjs");
    await writeFile(agent, 'process._rawDebug("in", require("node:worker_threads").threadId);');
    const script = fileURLToPath(import.meta.resolve("../../../fixtures/password-thread.ts"));
    const child = forkNode(["--require", agent, "--import", TYPESCRIPT, script]);
    const { code: status, stdout, stderr } = await child.exit();
    assert.equal(status, 0);
    const [, id] = /^thread (\d+)\nright true\n$/.exec(stdout) ?? assert.fail(stdout);
    // Thread 0 is the main one; there may be another of the loader.
    assert.match(stderr, /^in 0$/m);
    assert.doesNotMatch(stderr, new RegExp(`^in ${id}$`, "m"));
  });
});

test("what is compared when the thread is closed rejects", () =>
  withThread(async (thread) => {
    const comparison = thread.compare({ password: "secret", hashes: [SECRET.replace("04", "15")] });
    thread.close();
    await assert.rejects(comparison);
    await assert.rejects(thread.compare({ password: "secret", hashes: [SECRET] }));
  }));
