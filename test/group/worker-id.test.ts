import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  isFormer,
  isRunning,
  nextWorkerId,
  ownWorkerId,
  parseStat,
  parseWorkerId,
} from "../../src/group/worker-id.ts";
import { TYPESCRIPT } from "../helpers/processes/fork-fixture.ts";

const isLinux = process.platform === "linux";

test("ownWorkerId() names this process, its start and its thread", () => {
  const parts = parseWorkerId(ownWorkerId());
  assert.equal(parts?.pid, process.pid);
  assert.equal(parts?.thread, 0);
  assert.match(parts?.start ?? "", isLinux ? /^\d+$/ : /^s\d+$/);
  assert.equal(ownWorkerId(), ownWorkerId());
  assert.ok(isRunning(ownWorkerId()));
});

test("ownWorkerId() of a thread differs from that of its process in the thread alone", async () => {
  const worker = new Worker(new URL("../fixtures/worker-id.ts", import.meta.url), {
    execArgv: ["--import", TYPESCRIPT],
  });
  const [{ id }] = await once(worker, "message");
  const own = parseWorkerId(ownWorkerId());
  const thread = parseWorkerId(id)?.thread ?? 0;
  assert.ok(thread > 0);
  if (isLinux) assert.deepEqual(parseWorkerId(id), { ...own, thread });
  assert.ok(isRunning(id));
  await worker.terminate();
});

test("nextWorkerId() never names two workers the same, even if the package was loaded twice", async () => {
  const url = new URL("../../src/group/worker-id.ts?copy", import.meta.url).href;
  const copy: typeof import("../../src/group/worker-id.ts") = await import(url);
  assert.notEqual(copy.nextWorkerId, nextWorkerId);
  const ids = [nextWorkerId(), copy.nextWorkerId(), nextWorkerId(), copy.nextWorkerId()];
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.equal(parseWorkerId(id)?.pid, process.pid);
});

for (const text of [
  "",
  "1",
  "1-2",
  "0-1-0",
  "1-2-3-4",
  "-1-2-3",
  "1-x-3",
  "1-s-3",
  "../1-2-3",
  "1-2-3\n",
]) {
  test(`${JSON.stringify(text)} is not a worker's id`, () => {
    assert.equal(parseWorkerId(text), undefined);
    assert.equal(isRunning(text), false);
  });
}

test("isRunning() is false once the process has ended, reaped or not", async () => {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
  await once(child, "spawn");
  const stat = isLinux ? parseStat(readFileSync(`/proc/${child.pid}/stat`, "utf8")) : undefined;
  const id = `${child.pid}-${stat?.start ?? "s1"}-0`;
  assert.ok(isRunning(id));
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(isRunning(id), false);
});

test("isRunning() is false for another process of the same number", {
  skip: !isLinux && "needs /proc",
}, () => {
  const parts = parseWorkerId(ownWorkerId());
  assert.equal(isRunning(`${parts?.pid}-${Number(parts?.start) - 1}-0`), false);
});

test("isRunning() is false for a process that had the number of this one", () => {
  assert.equal(isRunning(`${process.pid}-s1-0`), false);
});

const FORMER: readonly [id: string, other: string, expected: boolean][] = [
  ["7-100-0", "7-100-3", false],
  ["7-100-0", "7-101-0", true],
  ["7-100-0", "8-101-0", false],
  ["7-s100-0", "7-s102-1", false],
  ["7-s100-0", "7-s103-0", true],
  ["7-s100-0", "7-100-0", true],
  ["x", "7-100-0", false],
];

for (const [id, other, expected] of FORMER) {
  test(`${id} ${expected ? "has" : "need not have"} ended where ${other} runs`, () => {
    assert.equal(isFormer(id, other), expected);
  });
}

test("isRunning() is false for a process of another user", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async () => {
  // Only root may ask about others: so it is another user who asks about us.
  const source = new URL("../../src/group/worker-id.ts", import.meta.url).href;
  const code = `process.setuid(65534); import(${JSON.stringify(source)}).then(({ isRunning }) =>
    console.log(isRunning(${JSON.stringify(ownWorkerId())})))`;
  const child = spawn(process.execPath, ["--import", TYPESCRIPT, "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const text of child.stdout) output += text;
  assert.equal(output, "false\n");
});

const STATS: readonly [line: string, expected: ReturnType<typeof parseStat>][] = [
  [`42 (node) S ${"1 ".repeat(18)}777 0`, { pid: 42, start: "777", isZombie: false }],
  [`42 (a) R 9 (b) c) Z ${"1 ".repeat(18)}777 0`, { pid: 42, start: "777", isZombie: true }],
  ["", undefined],
  ["42 (node) S", undefined],
];

for (const [line, expected] of STATS) {
  test(`parseStat() counts from the last parenthesis: ${JSON.stringify(line.slice(0, 20))}`, () => {
    assert.deepEqual(parseStat(line), expected);
  });
}
